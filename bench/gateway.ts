import {Agent, request} from 'node:http';
import {setTimeout as sleep} from 'node:timers/promises';
import type {StatusReport} from '../src/controller/protocol.ts';
import {createBenchLab, mustWork} from './support/lab.ts';
import {type Figure, median, option, printFigures} from './support/report.ts';

/**
 * A read of a signed-in account through the gateway and its links, beside the same route asked of identity itself; and what others notice while
 * many try to sign in. In turns, in one run: all are on this machine, the clients too. While many try with names that nobody has, a few sign in who
 * have an account, and come back when they are told to. Options: `--rounds 5`, `--window 2`, `--flooders 48`, `--flood-only`, `--json`.
 */
const ROUNDS = option('rounds', 5);
const WINDOW_MS = option('window', 2) * 1_000;
const FLOODERS = option('flooders', 48);
const ONLY_FLOOD = process.argv.includes('--flood-only');
const CONNECTIONS = 16;
const PROBES_PER_SECOND = 50;
const ACCOUNTS = 8;
const SIGNERS = 2;
const SIGN_IN_TRIES = 4;
const SIGNER_THINKS_MS = 300;
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
    const people = await signUp(gateway);
    const tokens = people.map(({token}) => token);
    await reads(gateway, tokens, WINDOW_MS);
    await reads(bare, tokens, WINDOW_MS);
    const figures = [];
    if (!ONLY_FLOOD) figures.push(await compareReads(gateway, bare, tokens));
    figures.push(...(await compareFlooded(gateway, people)));
    printFigures('gateway', figures);
  } finally {
    await lab.remove();
  }
}

async function compareReads(gateway: string, bare: string, tokens: readonly string[]): Promise<Figure> {
  const through: number[] = [];
  const direct: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    direct.push(await reads(bare, tokens, WINDOW_MS));
    through.push(await reads(gateway, tokens, WINDOW_MS));
  }
  return {
    what: 'bare service, authenticated read',
    value: median(direct) / median(through),
    bound: TIMES_BARE_MAX,
    unit: 'x',
    detail: `${rate(through)} through the gateway, ${rate(direct)} of identity itself: ${(median(through) / median(direct)).toFixed(2)} x, at least 0.35 x`,
  };
}

async function compareFlooded(gateway: string, people: readonly Person[]): Promise<readonly Figure[]> {
  const tokens = people.map(({token}) => token);
  const calm: Probed[] = [];
  const flooded: Probed[] = [];
  const floods: Flooded[] = [];
  const signIns: SignIn[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    calm.push(await probe(gateway, tokens));
    const stopFlood = flood(gateway);
    await sleep(WINDOW_MS / 4);
    const stopSigners = signInAgainAndAgain(gateway, people.slice(0, SIGNERS));
    flooded.push(await probe(gateway, tokens));
    signIns.push(...(await stopSigners()));
    floods.push(await stopFlood());
  }
  const routes = ['GET /v1/accounts/me', 'GET /v1/windows'] as const;
  const flooding = `${rate(floods.map(({checked}) => checked))} passwords checked and ${rate(floods.map(({refused}) => refused))} refused, of ${FLOODERS} at once`;
  return [
    ...routes.map((route, index) => {
      const p99 = (all: readonly Probed[]): number =>
        median(all.map(({latencies}) => percentile(0.99, latencies[index] ?? [])));
      return {
        what: `p99 in a login flood, ${route}`,
        value: p99(flooded) / p99(calm),
        bound: 2,
        unit: 'x' as const,
        detail: `${p99(calm).toFixed(1)} ms -> ${p99(flooded).toFixed(1)} ms, ${failures(calm)} and ${failures(flooded)} failed; ${flooding}`,
      };
    }),
    signInFigure(signIns),
  ];
}

function signInFigure(all: readonly SignIn[]): Figure {
  const done = all.filter(({tries}) => tries !== null);
  const ms = done.map(signIn => signIn.ms);
  const atOnce = done.filter(({tries}) => tries === 1).length;
  return {
    what: 'sign-ins in it that are refused for good',
    value: (100 * (all.length - done.length)) / all.length,
    unit: '%',
    detail: `of ${all.length} with a right password ${atOnce} came in at the first try, ${done.length} within ${SIGN_IN_TRIES}; p50 ${percentile(0.5, ms).toFixed(0)} ms, p99 ${percentile(0.99, ms).toFixed(0)} ms`,
  };
}

function rate(rates: readonly number[]): string {
  return `${Math.round(median(rates))}/s`;
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

/** A second. */
interface Flooded {
  readonly checked: number;
  readonly refused: number;
}

/** Signs in with names that nobody has, each of which costs as much as a right one. The function returned ends it, and gives its rates. */
function flood(base: string): () => Promise<Flooded> {
  const agent = new Agent({keepAlive: true});
  const begin = performance.now();
  let ended = false;
  let checked = 0;
  let refused = 0;
  const all = Array.from({length: FLOODERS}, async (_, index) => {
    for (let turn = 0; !ended; turn++) {
      const body = {account: `nobody-${index}-${turn}`, password: PASSWORD};
      const status = await ask(agent, base, {method: 'POST', path: '/v1/sessions', client: `flooder-${index}`, body});
      if (status === 401) checked += 1;
      else {
        refused += 1;
        await sleep(50);
      }
    }
  });
  return async () => {
    ended = true;
    const seconds = (performance.now() - begin) / 1_000;
    const rates = {checked: checked / seconds, refused: refused / seconds};
    await Promise.all(all);
    agent.destroy();
    return rates;
  };
}

interface SignIn {
  /** null: none of them. */
  readonly tries: number | null;
  /** From the first try until the session is there. */
  readonly ms: number;
}

/** People who sign in, and come back after the time that they are told when they are refused. The function returned ends it. */
function signInAgainAndAgain(base: string, people: readonly Person[]): () => Promise<readonly SignIn[]> {
  const agent = new Agent({keepAlive: true});
  const done: SignIn[] = [];
  let ended = false;
  const all = people.map(async ({account}, index) => {
    while (!ended) {
      const begin = performance.now();
      let tries: number | null = null;
      for (let count = 1; tries === null && count <= SIGN_IN_TRIES; count++) {
        const body = {account, password: PASSWORD};
        const asked = {method: 'POST', path: '/v1/sessions', client: `signer-${index}`, body};
        const {status, retryAfter} = await send(agent, base, asked);
        if (status === 201) tries = count;
        else await sleep(Number(retryAfter ?? 1) * 1_000 * (1 + Math.random() / 2));
      }
      done.push({tries, ms: performance.now() - begin});
      await sleep(SIGNER_THINKS_MS);
    }
  });
  return async () => {
    ended = true;
    await Promise.all(all);
    agent.destroy();
    return done;
  };
}

interface Person {
  readonly account: string;
  readonly token: string;
}

async function signUp(base: string): Promise<readonly Person[]> {
  const agent = new Agent();
  return Promise.all(
    Array.from({length: ACCOUNTS}, async (_, index) => {
      const opened = await askForBody(agent, base, {
        method: 'POST',
        path: '/v1/accounts',
        body: {name: `bench ${index}`, password: PASSWORD},
      });
      const account = String(opened.id);
      const session = await askForBody(agent, base, {
        method: 'POST',
        path: '/v1/sessions',
        body: {account, password: PASSWORD},
      });
      return {account, token: String(session.token)};
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

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | undefined;
}

function send(agent: Agent, base: string, {method = 'GET', path, token, client, body}: Ask): Promise<Answer> {
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
      response.once('end', () => {
        resolve({status: response.statusCode ?? 0, text, retryAfter: response.headers['retry-after']});
      });
      response.once('error', reject);
    });
    sent.once('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function percentile(share: number, values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

function failures(all: readonly Probed[]): number {
  return all.reduce((sum, {failed}) => sum + failed, 0);
}

await main();
