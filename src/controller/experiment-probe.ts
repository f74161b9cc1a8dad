import type {Row} from '../../services/kit/database.ts';
import {LabError} from '../errors.ts';
import type {ProxyCounters} from '../fabric/fabric.ts';
import {measureRequests} from '../faults/experiments/measure-requests.ts';
import {measureSpans} from '../faults/experiments/measure-spans.ts';
import type {SystemProbe} from '../faults/experiments/ports.ts';
import {nearest} from '../nearest.ts';
import {parseLogLine} from '../observe/log-line.ts';
import {linkName} from '../topology/topology.ts';
import type {Live} from './live.ts';
import type {System} from './system.ts';

const ROWS_MAX = 1000;
const SQL_WITHIN_MS = 5_000;
/** As much of a log's end as is searched, lines. */
const LOG_LINES_MAX = 20_000;

/** Answers a probe of an experiment. Errors: UNKNOWN_NODE, UNKNOWN_TARGET, BAD_VALUE. */
export async function askSystem(
  {system, agent, postgres}: Pick<Live, 'system' | 'agent' | 'postgres'>,
  probe: SystemProbe,
  since: number,
): Promise<unknown> {
  switch (probe.kind) {
    case 'sql':
      needDatabase(system, probe.node);
      return bare(await postgres.readOnly(probe.node, probe.query, {rowsMax: ROWS_MAX, timeoutMs: SQL_WITHIN_MS}));
    case 'requests':
      needLink(system, probe.link);
      return measureRequests(await agent.fabric.requests(since), probe, {since, now: Date.now()});
    case 'trace': {
      const {service, span, link} = probe;
      // Spans name the link of their service, not that of an instance.
      if (link !== undefined) needName(link, system.plan.topology.links.map(linkName));
      const spans = await agent.telemetry.spans({
        since,
        ...(service === undefined ? {} : {service}),
        ...(span === undefined ? {} : {name: span}),
        ...(link === undefined ? {} : {link}),
      });
      return measureSpans(spans, probe);
    }
    case 'metric':
      if ('link' in probe) {
        needLink(system, probe.link);
        const counters = await agent.fabric.counters();
        return linkMetric(
          counters.filter(({link, name}) => link === probe.link || name === probe.link),
          probe.metric,
        );
      }
      return nodeMetric(system, probe.node, probe.metric);
    case 'log':
      needNode(system, probe.node);
      return countLines(probe.node, await system.logTail(probe.node, LOG_LINES_MAX), probe.pattern, since);
    case 'status': {
      const others = system.keepers().filter(({state}) => state !== 'ready');
      return others.length === 0 ? 'ready' : others.map(({name, state}) => `${name} ${state}`).join(', ');
    }
  }
}

/** One row with one value is that value; figures that the driver gives as texts are figures. */
function bare(rows: readonly Row[]): unknown {
  const numbered = rows.map(row =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])),
  );
  const [first] = numbered;
  const values = Object.values(first ?? {});
  return numbered.length === 1 && values.length === 1 ? values[0] : numbered;
}

function plain(value: unknown): unknown {
  if (typeof value === 'string' && /^-?\d{1,15}(\.\d+)?$/.test(value)) return Number(value);
  return value instanceof Date ? value.toISOString() : value;
}

function linkMetric(
  counters: readonly ProxyCounters[],
  metric: Extract<SystemProbe, {link: string; metric: string}>['metric'],
): number | null {
  const sum = (of: (counter: ProxyCounters) => number): number => counters.reduce((total, each) => total + of(each), 0);
  const http = counters.flatMap(counter => counter.http ?? []);
  const requests = http.reduce((total, each) => total + each.requests, 0);
  switch (metric) {
    case 'p50':
    case 'p99':
      return requests === 0 ? null : Math.max(...http.map(each => each[metric]));
    case 'errors':
      return requests === 0 ? null : http.reduce((total, {errors}) => total + errors, 0) / requests;
    case 'rate':
      return http.reduce((total, {ratePerSecond}) => total + ratePerSecond, 0);
    case 'connections-open':
      return sum(({connections}) => connections.open);
    case 'connections-total':
      return sum(({connections}) => connections.total);
    case 'connections-failed':
      return sum(({connections}) => connections.failed);
    case 'bytes-upstream':
      return sum(({bytes}) => bytes.upstream);
    case 'bytes-downstream':
      return sum(({bytes}) => bytes.downstream);
  }
}

async function nodeMetric(system: System, node: string, metric: 'restarts' | 'memory' | 'state'): Promise<unknown> {
  needNode(system, node);
  const keeper = system.keeper(node);
  if (metric === 'state') return keeper.state;
  if (metric === 'restarts') return keeper.restarts;
  return (await keeper.running?.stats().catch(() => undefined))?.rssBytes ?? null;
}

/** Lines since then in which the pattern is found. A line without a time of its own is as old as the one before it. */
function countLines(node: string, lines: readonly string[], pattern: string, since: number): number {
  const expression = new RegExp(pattern);
  let time = 0;
  return lines.filter(line => {
    time = parseLogLine(node, line).time ?? time;
    return time >= since && expression.test(line);
  }).length;
}

function needNode(system: System, name: string): void {
  const names = system.plan.nodes.map(node => node.name);
  if (!names.includes(name)) throw new LabError('UNKNOWN_NODE', `There is no node "${name}".${meant(name, names)}`);
}

function needDatabase(system: System, name: string): void {
  const databases = system.plan.nodes
    .filter(({kind, engine}) => kind !== 'service' && engine !== 'nats')
    .map(node => node.name);
  if (!databases.includes(name))
    throw new LabError(
      'UNKNOWN_NODE',
      `"${name}" is no Postgres: there is ${databases.join(', ')}.${meant(name, databases)}`,
    );
}

function needLink(system: System, name: string): void {
  const names = [...system.plan.topology.links.map(linkName), ...system.plan.proxies.map(proxy => proxy.name)];
  needName(name, names);
}

function needName(link: string, names: readonly string[]): void {
  if (!names.includes(link)) throw new LabError('UNKNOWN_TARGET', `There is no link "${link}".${meant(link, names)}`);
}

function meant(name: string, names: readonly string[]): string {
  const near = nearest(name, names);
  return near === undefined ? '' : ` Did you mean "${near}"?`;
}
