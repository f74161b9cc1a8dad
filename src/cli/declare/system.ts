import {type Command, Option} from 'commander';
import {LabError} from '../../errors.ts';
import {BROKER_ENGINES} from '../../topology/topology.ts';
import type {Shell} from '../command.ts';
import {parseChoice} from '../parse/choice.ts';
import {parseDuration} from '../parse/duration.ts';
import {parsePort, parseSeed, parseWhole} from '../parse/number.ts';
import {parseRate} from '../parse/rate.ts';
import {parseReplicas} from '../parse/replicas.ts';
import {declare, runs} from './declare.ts';

export const RUNTIMES = ['process', 'docker', 'swarm'] as const;
export const BROKER_HELP = 'engine of the broker: postgres (default), or nats, which needs `nats-server` on the PATH';

/** Where Toxiproxy's clients look for it when they are not told. */
const TOXIPROXY_PORT = 8474;

/** Commands on the running system. */
export function declareSystem(program: Command, shell: Shell): void {
  program.commandsGroup('The system:');

  const up = declare(program, {
    usage: 'up',
    summary: 'start the system and return when it is healthy',
    more: 'Repeating it is safe: a system that runs is left as it is. The gateway listens on 4000 or the next free port.',
    examples: [
      'teralab up',
      'teralab up --replicas identity=3',
      'teralab up --broker nats',
      'teralab up --port 4100 --json',
      'teralab up --otlp http://localhost:4318',
      'teralab up --toxiproxy-api',
      'teralab up --toxiproxy-config toxics.json',
    ],
  })
    .option('--runtime <name>', 'where nodes run: process (default) or docker', raw =>
      parseChoice(raw, '--runtime', RUNTIMES),
    )
    .option('--broker <name>', BROKER_HELP, raw => parseChoice(raw, '--broker', BROKER_ENGINES))
    .option(
      '--topology <file>',
      'a topology of your own (YAML or JSON: nodes and links, or boundaries), or a name: default, monolith, mesh, own',
    )
    .option('--replicas <service=n>', 'instances of a service; repeat it for more services', parseReplicas)
    .option('--port <port>', 'port of the gateway; taken is an error', raw => parsePort(raw))
    .option('--otlp <url>', 'a collector that is sent traces and metrics as well (OTLP/HTTP, JSON)', raw =>
      parseCollector(raw),
    )
    .addOption(
      new Option('--toxiproxy-api [port]', "Toxiproxy's HTTP API for all links, on loopback; taken is an error")
        .preset(String(TOXIPROXY_PORT))
        .argParser(raw => parsePort(raw, '--toxiproxy-api')),
    )
    .addOption(
      new Option(
        '--toxiproxy-config <file>',
        "proxies and toxics to begin with, in Toxiproxy's JSON; implies --toxiproxy-api",
      ).implies({toxiproxyApi: TOXIPROXY_PORT}),
    );
  runs(up, shell, async () => import('../commands/up.ts'));

  const exported = declare(program, {
    usage: 'export <format>',
    summary: 'print deployment files of a topology: compose',
    more: 'The containers alone, without labs and faults. The image of the services is built from this installation.',
    examples: [
      'teralab export compose > compose.yaml',
      'teralab export compose --replicas identity=2 --broker postgres',
    ],
  })
    .option('--broker <name>', 'engine of the broker: nats (default) or postgres', raw =>
      parseChoice(raw, '--broker', BROKER_ENGINES),
    )
    .option(
      '--topology <file>',
      'a topology of your own (YAML or JSON: nodes and links, or boundaries), or a name: default, monolith, mesh, own',
    )
    .option('--replicas <service=n>', 'instances of a service; repeat it for more services', parseReplicas);
  runs(exported, shell, async () => import('../commands/export.ts'));

  const down = declare(program, {
    usage: 'down',
    summary: "stop this workspace's system",
    more: 'Repeating it is safe. Your files, your progress and the databases stay.',
    examples: ['teralab down', 'teralab down --all'],
  }).option('--all', 'stop every teralab system of this user');
  runs(down, shell, async () => import('../commands/down.ts'));

  const status = declare(program, {
    usage: 'status',
    summary: 'show nodes, links, faults in force, URLs and how to connect',
    examples: ['teralab status', 'teralab status --json'],
  });
  runs(status, shell, async () => import('../commands/status.ts'));

  const chaos = declare(program, {
    usage: 'chaos [words...]',
    summary: 'inject a fault, list faults, heal them; run experiments',
    examples: [
      "teralab chaos latency 'gateway->identity' --latency 300ms --for 1m",
      'teralab chaos list',
      'teralab chaos run slow-identity',
    ],
  })
    .helpOption(false)
    .allowUnknownOption();
  runs(chaos, shell, async () => import('../commands/chaos.ts'));

  const load = declare(program, {
    usage: 'load',
    summary: 'drive open-loop load, with a live histogram on a terminal',
    more: 'Requests start at their intended moment whether or not earlier ones were answered; latency counts from that moment.',
    examples: ['teralab load', 'teralab load --rate 200/s --duration 30s', 'teralab load --rate 50 --json'],
  })
    .option('--rate <rate>', 'operations per second (default 50/s)', raw => parseRate(raw, '--rate'))
    .option('--duration <time>', 'how long (default 10s)', raw => parseDuration(raw, '--duration'))
    .option('--profile <name>', 'what is sent: mixed (default), reads or writes')
    .option('--seed <n>', 'repeat the load of an earlier run', parseSeed);
  runs(load, shell, async () => import('../commands/load.ts'));

  const logs = declare(program, {
    usage: 'logs [nodes...]',
    summary: 'print what nodes have logged',
    examples: ['teralab logs', 'teralab logs gateway-1 identity -f', 'teralab logs --lines 200 --json'],
  })
    .option('-f, --follow', 'go on as lines come, until Ctrl-C')
    .option('-n, --lines <n>', 'lines of each node to begin with (default 20)', raw =>
      parseWhole(raw, '--lines', 0, 1_000_000),
    );
  runs(logs, shell, async () => import('../commands/logs.ts'));

  const traces = declare(program, {
    usage: 'traces [id]',
    summary: 'list the latest traces, or show one as a tree',
    more: 'A request makes a trace over all services, statements and messages that it led to. The beginning of an id is enough.',
    examples: ['teralab traces', 'teralab traces --errors --slow 200ms', 'teralab traces --service stream --json'],
  })
    .option('--service <name>', 'only those that this service has a part in')
    .option('--errors', 'only those with a failure')
    .option('--slow <time>', 'only those that took at least so long', raw => parseDuration(raw, '--slow'))
    .option('-n, --limit <n>', 'so many at most (default 20)', raw => parseWhole(raw, '--limit', 1, 2_000));
  runs(traces, shell, async () => import('../commands/traces.ts'));

  const metrics = declare(program, {
    usage: 'metrics',
    summary: 'show rate, errors and duration of every route',
    examples: ['teralab metrics', 'teralab metrics --since 1m', 'teralab metrics --json'],
  }).option(
    '--since <time>',
    'only the last so long, 10m at most (default: all since the services have started)',
    raw => parseSince(raw),
  );
  runs(metrics, shell, async () => import('../commands/metrics.ts'));

  const top = declare(program, {
    usage: 'top',
    summary: 'watch nodes, routes and faults: CPU, memory, rates, latencies',
    more: 'On a terminal it goes on until Ctrl-C; elsewhere it looks once. CPU is the share of one core over the interval.',
    examples: ['teralab top', 'teralab top --every 5s', 'teralab top --json', 'teralab top --count 10 --json'],
  })
    .option('--every <time>', 'how often it looks (default 2s)', raw => parseEvery(raw))
    .option('-n, --count <n>', 'so many looks, then end', raw => parseWhole(raw, '--count', 1, 1_000_000));
  runs(top, shell, async () => import('../commands/top.ts'));
}

/** As far back as metrics are kept in steps. */
const SINCE_MS_MAX = 600_000;

function parseEvery(raw: string): number {
  const ms = parseDuration(raw, '--every');
  if (ms >= 200) return ms;
  throw new LabError('BAD_VALUE', `--every ${raw}: 200ms is the least.`);
}

function parseCollector(raw: string): string {
  const url = URL.canParse(raw) ? new URL(raw) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return raw;
  throw new LabError('BAD_VALUE', `--otlp ${raw}: it is the address of a collector, such as http://localhost:4318.`);
}

function parseSince(raw: string): number {
  const ms = parseDuration(raw, '--since');
  if (ms > SINCE_MS_MAX) throw new LabError('BAD_VALUE', `--since can be 10m at most; "${raw}" is longer.`);
  return ms;
}
