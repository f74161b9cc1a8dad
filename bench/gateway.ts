import {Agent, request} from 'node:http';
import {setTimeout as sleep} from 'node:timers/promises';
import type {StatusReport} from '../src/controller/protocol.ts';
import {createBenchLab, mustWork} from './support/lab.ts';
import {median, option, printFigures} from './support/report.ts';

/**
 * A read of a signed-in account through the gateway and its links, beside the same route asked of identity itself; and what others notice while
 * many try to sign in. In turns, in one run: all are on this machine, the clients too. Options: `--rounds 5`, `--window 2`, `--flooders 48`,
 * `--json`.
 */
const ROUNDS = option('rounds', 5);
const WINDOW_MS = option('window', 2) * 1_000;
const FLOODERS = option('flooders', 48);
const CONNECTIONS = 16;
const PROBES_PER_SECOND = 50;
const ACCOUNTS = 8;
const PASSWORD = 'correct horse battery';
/** At least this share of the bare service's requests is to come through: 0.35. */
const TIMES_BARE_MAX = 1 / 0.35;

interface Ask {
  readonly method?: string;
  readonly path: string;
  readonly token?: string;
  readonly client?: string;
  readonly body?: unknown;
}

async function main(): Promise<void> {
  const lab = createBenchLab();
  try {
    const {stdout} = mustWork('up', await lab.run(['up', '--json']));
    const {nodes, urls} = JSON.parse(stdout) as StatusReport;
    const gateway = urls.gateway[0] ?? '';
    const bare = nodes.find(({service}) => service === 'identity')?.url ?? '';
    const tokens = await signUp(gateway);
    const through: number[] = [];
    const direct: number[] = [];
    await reads(gateway, tokens, WINDOW_MS);
    await reads(bare, tokens, WINDOW_MS);
    for (let round = 0; round < ROUNDS; round++) {
      direct.push(await reads(bare, tokens, WINDOW_MS));
      through.push(await reads(gateway, tokens, WINDOW_MS));
    }
    const calm: Probed[] = [];
    const flooded: Probed[] = [];
    const signIns: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      calm.push(await probe(gateway, tokens));
      const stop = flood(gateway);
      await sleep(WINDOW_MS / 4);
      flooded.push(await probe(gateway, tokens));
      signIns.push(await stop());
    }
    print({through, direct, calm, flooded, signIns});
  } finally {
    await lab.remove();
  }
}

interface Measured {
  readonly through: readonly number[];
  readonly direct: readonly number[];
  readonly calm: readonly Probed[];
  readonly flooded: readonly Probed[];
  readonly signIns: readonly number[];
}

function print({through, direct, calm, flooded, signIns}: Measured): void {
  const rate = (rates: readonly number[]): string => `${Math.round(median(rates))}/s`;
  const routes = ['GET /v1/accounts/me', 'GET /v1/windows'] as const;
  printFigures('gateway', [
    {
      what: 'bare service, authenticated read',
      value: median(direct) / median(through),
      bound: TIMES_BARE_MAX,
      unit: 'x',
      detail: `${rate(through)} through the gateway, ${rate(direct)} of identity itself: ${(median(through) / median(direct)).toFixed(2)} x, at least 0.35 x`,
    },
    ...routes.map((route, index) => {
      const p99 = (all: readonly Probed[]): number =>
        median(all.map(({latencies}) => percentile99(latencies[index] ?? [])));
      return {
        what: `p99 in a login flood, ${route}`,
        value: p99(flooded) / p99(calm),
        bound: 2,
        unit: 'x' as const,
        detail: `${p99(calm).toFixed(1)} ms -> ${p99(flooded).toFixed(1)} ms, ${failures(calm)} and ${failures(flooded)} failed; ${rate(signIns)} sign-ins answered, by ${FLOODERS} at once`,
      };
    }),
  ]);
}

/** Requests a second that as many connections get through as there are, one after the other on each. */
async function reads(base: string, tokens: readonly string[], forMs: number): Promise<number> {
  const agent = new Agent({keepAlive: true, maxSockets: CONNECTIONS});
  const end = performance.now() + forMs;
  let done = 0;
  await Promise.all(
    Array.from({length: CONNECTIONS}, async (_, index) => {
      while (performance.now() < end) {
        const token = tokens[index % tokens.length] ?? '';
        const status = await ask(agent, base, {path: '/v1/accounts/me', token});
        if (status !== 200) throw new Error(`A read of ${base} was answered ${status}.`);
        done += 1;
      }
    }),
  );
  agent.destroy();
  return (done / forMs) * 1_000;
}

interface Probed {
  /** By route, ms from the moment at which each request was due. */
  readonly latencies: readonly (readonly number[])[];
  readonly failed: number;
}

/** Asks both routes at a fixed rate, whatever comes back. */
async function probe(base: string, tokens: readonly string[]): Promise<Probed> {
  const agent = new Agent({keepAlive: true});
  const latencies: number[][] = [[], []];
  const begin = performance.now();
  let failed = 0;
  const all = Array.from({length: (WINDOW_MS / 1_000) * PROBES_PER_SECOND}, async (_, index) => {
    const due = begin + (index * 1_000) / PROBES_PER_SECOND;
    await sleep(due - performance.now());
    const path = index % 2 === 0 ? '/v1/accounts/me' : '/v1/windows';
    const status = await ask(agent, base, {path, token: tokens[index % tokens.length] ?? ''});
    latencies[index % 2]?.push(performance.now() - due);
    if (status !== 200) failed += 1;
  });
  await Promise.all(all);
  agent.destroy();
  return {latencies, failed};
}

/** Signs in with names that nobody has, each of which costs as much as a right one. The function returned ends it, and gives its rate. */
function flood(base: string): () => Promise<number> {
  const agent = new Agent({keepAlive: true});
  const begin = performance.now();
  let ended = false;
  let done = 0;
  const all = Array.from({length: FLOODERS}, async (_, index) => {
    for (let turn = 0; !ended; turn++) {
      const body = {account: `nobody-${index}-${turn}`, password: PASSWORD};
      const status = await ask(agent, base, {method: 'POST', path: '/v1/sessions', client: `flooder-${index}`, body});
      if (status === 401) done += 1;
      else await sleep(50);
    }
  });
  return async () => {
    ended = true;
    const rate = (done / (performance.now() - begin)) * 1_000;
    await Promise.all(all);
    agent.destroy();
    return rate;
  };
}

async function signUp(base: string): Promise<readonly string[]> {
  const agent = new Agent();
  return Promise.all(
    Array.from({length: ACCOUNTS}, async (_, index) => {
      const opened = await askForBody(agent, base, {
        method: 'POST',
        path: '/v1/accounts',
        body: {name: `bench ${index}`, password: PASSWORD},
      });
      const session = await askForBody(agent, base, {
        method: 'POST',
        path: '/v1/sessions',
        body: {account: opened.id, password: PASSWORD},
      });
      return String(session.token);
    }),
  );
}

async function ask(agent: Agent, base: string, what: Ask): Promise<number> {
  return (await send(agent, base, what)).status;
}

async function askForBody(agent: Agent, base: string, what: Ask): Promise<Readonly<Record<string, unknown>>> {
  const {status, text} = await send(agent, base, what);
  if (status !== 201) throw new Error(`${what.path} was answered ${status}: ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}

function send(
  agent: Agent,
  base: string,
  {method = 'GET', path, token, client, body}: Ask,
): Promise<{readonly status: number; readonly text: string}> {
  return new Promise((resolve, reject) => {
    const headers = {
      ...(token === undefined ? {} : {authorization: `Bearer ${token}`}),
      ...(client === undefined ? {} : {'x-client-id': client}),
      ...(body === undefined ? {} : {'content-type': 'application/json'}),
    };
    const sent = request(base + path, {agent, method, headers}, response => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('end', () => resolve({status: response.statusCode ?? 0, text}));
      response.once('error', reject);
    });
    sent.once('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function percentile99(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * 0.99) - 1)] ?? Number.NaN;
}

function failures(all: readonly Probed[]): number {
  return all.reduce((sum, {failed}) => sum + failed, 0);
}

await main();
