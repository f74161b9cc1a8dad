import {writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import pg from 'pg';
import type {StatusReport} from '../../../src/controller/protocol.ts';
import {drawTimetable, type TimedFault} from '../../../src/faults/draw-timetable.ts';
import type {FaultRecord} from '../../../src/faults/fault.ts';
import {poissonArrivals} from '../../../src/load/arrivals.ts';
import {createRandom} from '../../../src/random.ts';
import {defaultTopology} from '../../../src/topology/default.ts';
import type {BrokerEngine} from '../../../src/topology/topology.ts';
import {type Learner, newLearner} from '../learner.ts';
import {until} from '../until.ts';
import {type Ask, createAsk} from './ask.ts';
import {type Book, emptyBook} from './book.ts';
import {readEvidence} from './evidence.ts';
import {judgeSoak, type LastAnswers, type Verdict} from './judge.ts';
import {live, type PersonPlan, planPerson} from './person.ts';

export interface SoakOptions {
  readonly seed: number;
  readonly forMs: number;
  readonly broker: BrokerEngine;
  /** People that begin in a second. */
  readonly ratePerSecond?: number;
  /** Hears what goes on. */
  readonly say?: (line: string) => void;
}

export interface SoakReport {
  readonly seed: number;
  readonly broker: BrokerEngine;
  readonly forMs: number;
  readonly ratePerSecond: number;
  readonly timetable: readonly TimedFault[];
  /** What became of the faults, by kind: in force, measured to bite, refused. */
  readonly faults: readonly {
    readonly kind: string;
    readonly injected: number;
    readonly bit: number;
    readonly refused: number;
  }[];
  readonly operations: readonly {
    readonly name: string;
    readonly asked: number;
    readonly acknowledged: number;
    readonly sends: number;
  }[];
  readonly restarts: number;
  /** From the end of the last fault until everything was worked off; null: it was not, within the bound. */
  readonly recoveredMs: number | null;
  readonly verdicts: readonly Verdict[];
  readonly held: boolean;
}

const REPLICAS = {gateway: 2, identity: 2, stream: 2};
const RECOVERED_WITHIN_MS = 90_000;
/** The clock of events runs by then, also when the first fault kept it from starting. */
const LATE_FROM_MS = 25_000;
/** Sessions that are asked in the end, of each kind. */
const ASKED_MAX = 60;

/** The production-grade system with two of each service, people, and faults; then silence, and a look at what is left. */
export async function soak({
  seed,
  forMs,
  broker,
  ratePerSecond = 3,
  say = () => undefined,
}: SoakOptions): Promise<SoakReport> {
  const timetable = drawTimetable({seed, durationMs: forMs, topology: defaultTopology(), runtime: 'process'});
  const random = createRandom(seed, 'soak');
  const arrivals = poissonArrivals({ratePerSecond, durationMs: forMs, random: random.stream('arrivals')});
  const people = arrivals.map((atMs, index) => ({
    atMs,
    plan: planPerson(`soak-${seed}-${index}`, random.stream(`person ${index}`), atMs >= LATE_FROM_MS),
  }));
  await using learner = newLearner();
  const replicas = Object.entries(REPLICAS).flatMap(([service, count]) => ['--replicas', `${service}=${count}`]);
  const up = await learner.json<StatusReport>('up', '--broker', broker, ...replicas);
  if (up.exitCode !== 0) throw new Error(`The system did not come up: ${JSON.stringify(up.document)}`);
  say(
    `the system is up: ${up.document.nodes.length} nodes, broker ${broker}; ${people.length} people and ${timetable.length} faults`,
  );
  const ask = createAsk(up.document.urls.gateway);
  const book = emptyBook();
  const injected = await play({learner, timetable, people, ask, book, forMs, say});
  await learner.run('chaos', 'clear', '--all');
  say('all faults have ended');
  await using databases = await connect(up.document);
  // These routes are for those who run the system: the gateway does not have them.
  const askStream = createAsk(up.document.nodes.filter(({service}) => service === 'stream').map(({url}) => url));
  const recoveredMs = await recovered({learner, databases, book, ask, askStream, say});
  const evidence = await readEvidence(databases.identity, databases.stream);
  const verdicts = [
    ...(recoveredMs === null
      ? [
          {
            invariant: 'it is well again after the faults',
            looked: 1,
            violations: [`not within ${RECOVERED_WITHIN_MS / 1_000} s`],
          },
        ]
      : []),
    ...judgeSoak(book, evidence, await lastAnswers(book, ask, askStream)),
  ];
  const held = verdicts.every(({violations}) => violations.length === 0);
  if (!held) say(`what the nodes have logged is in ${await keepLogs(learner, `soak-${seed}-${broker}.log`)}`);
  const {document: status} = await learner.json<StatusReport>('status');
  return {
    seed,
    broker,
    forMs,
    ratePerSecond,
    timetable,
    faults: sumFaults(timetable, injected),
    operations: [...book.operations].map(([name, counts]) => ({name, ...counts})),
    restarts: status.nodes.reduce((sum, node) => sum + node.restarts, 0),
    recoveredMs,
    verdicts,
    held,
  };
}

interface Play {
  readonly learner: Learner;
  readonly timetable: readonly TimedFault[];
  readonly people: readonly {readonly atMs: number; readonly plan: PersonPlan}[];
  readonly ask: Ask;
  readonly book: Book;
  readonly forMs: number;
  readonly say: (line: string) => void;
}

/** Plays both timetables to their end. Returns the records of the faults, in their order; undefined for one that was refused. */
async function play({
  learner,
  timetable,
  people,
  ask,
  book,
  forMs,
  say,
}: Play): Promise<readonly (FaultRecord | undefined)[]> {
  const begin = performance.now();
  const at = (ms: number): Promise<void> => pause(Math.max(0, begin + ms - performance.now()));
  const over = new AbortController();
  const faults = timetable.map(async fault => {
    await at(fault.atMs);
    const what = `${(fault.atMs / 1_000).toFixed(1)} s: ${fault.kind} ${fault.target} for ${(fault.forMs / 1_000).toFixed(1)} s`;
    // A command that hangs, or that the fault itself kills, is no reason to stop.
    const {exitCode, document} = await learner
      .json<FaultRecord | Refusal>(...chaosArguments(fault))
      .catch((error: Error) => ({exitCode: undefined, document: {error: {message: error.message}}}));
    if (exitCode === 0 && 'kind' in document) {
      say(`${what}: ${document.effect?.observed ?? 'in force'}`);
      return document;
    }
    say(`${what}: refused: ${'error' in document ? document.error.message : exitCode}`);
    return undefined;
  });
  const lives = people.map(async ({atMs, plan}) => {
    await at(atMs);
    await live(plan, ask, book, over.signal);
  });
  const records = await Promise.all(faults);
  await at(forMs);
  over.abort();
  await Promise.all(lives);
  return records;
}

interface Refusal {
  readonly error: {readonly message: string};
}

function chaosArguments({kind, target, attributes, forMs, seed}: TimedFault): readonly string[] {
  const given = Object.entries(attributes).flatMap(([name, value]) => [`--${name}=${value}`]);
  return ['chaos', kind, target, ...given, '--for', `${forMs}ms`, '--seed', String(seed)];
}

interface Databases extends AsyncDisposable {
  readonly identity: pg.Client;
  readonly stream: pg.Client;
}

/** The databases themselves, not by way of a link. */
async function connect({connect: lines}: StatusReport): Promise<Databases> {
  const open = async (database: string): Promise<pg.Client> => {
    const line = lines.find(one => one.endsWith(`/${database}`));
    const [, password = '', url = ''] = /^PGPASSWORD=(\S+) psql (\S+)$/.exec(line ?? '') ?? [];
    const address = new URL(url);
    address.password = password;
    const client = new pg.Client({connectionString: address.href, query_timeout: 30_000});
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  const [identity, stream] = [await open('identity'), await open('stream')];
  return {
    identity,
    stream,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([identity.end(), stream.end()]);
    },
  };
}

/** Waits until all nodes are ready, and every message, event and saga is worked off. Returns how long that took. */
async function recovered({
  learner,
  databases: {identity},
  book,
  ask,
  askStream,
  say,
}: Pick<Play, 'learner' | 'book' | 'ask' | 'say'> & {
  readonly databases: Databases;
  readonly askStream: Ask;
}): Promise<number | null> {
  const begin = performance.now();
  let seen = '';
  const rests = async (): Promise<boolean> => {
    const {document} = await learner.json<StatusReport>('status');
    const away = document.nodes.filter(({state}) => state !== 'ready').map(({name, state}) => `${name} ${state}`);
    const {rows} = await identity.query(
      `select (select count(*)::int from outbox where published_at is null) as outbox,
         (select count(*)::int from sagas where ended_at is null) as sagas`,
    );
    const lag = away.length > 0 ? null : await lagOf(book, ask, askStream);
    seen = `${away.join(', ') || 'all nodes ready'}; ${rows[0]?.outbox} events to publish, ${rows[0]?.sagas} sagas open, lag ${lag}`;
    return away.length === 0 && rows[0]?.outbox === 0 && rows[0]?.sagas === 0 && lag === 0;
  };
  try {
    await until('the system is well again', rests, {boundMs: RECOVERED_WITHIN_MS, seen: () => seen});
    return Math.round(performance.now() - begin);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return null;
  }
}

/** Messages that have not been worked off; null while nobody says. */
async function lagOf(book: Book, ask: Ask, askStream: Ask): Promise<number | null> {
  const token = await witness(book, ask);
  if (token === undefined) return null;
  const {status, body} = await askStream('GET', '/v1/consumers', {client: 'witness', token});
  if (status !== 200 || !Array.isArray(body.consumers)) return null;
  return (body.consumers as {lag: number}[]).reduce((sum, {lag}) => sum + lag, 0);
}

const WITNESS = {name: 'witness', password: 'sees what the others do not'};

/** Somebody who can ask what only the signed-in may. */
async function witness(book: Book, ask: Ask): Promise<string | undefined> {
  const key = 'soak-witness';
  const headers = {'idempotency-key': key};
  const opened = await ask('POST', '/v1/accounts', {client: key, headers, body: WITNESS});
  if (opened.status !== 201) return undefined;
  const id = String(opened.body.id);
  if (!book.accounts.some(account => account.key === key))
    book.accounts.push({key, name: WITNESS.name, ids: new Set([id]), closing: 'no'});
  const {status, body} = await ask('POST', '/v1/sessions', {
    client: key,
    body: {account: id, password: WITNESS.password},
  });
  return status === 201 ? String(body.token) : undefined;
}

async function lastAnswers(book: Book, ask: Ask, askStream: Ask): Promise<LastAnswers> {
  const refresh = async (state: 'live' | 'ended') => {
    const chosen = book.sessions.filter(session => session.state === state).slice(-ASKED_MAX);
    const answers: {account: string; status: number}[] = [];
    for (const {account, refreshToken} of chosen) {
      const {status} = await ask('POST', '/v1/sessions/refresh', {client: account, body: {refreshToken}});
      answers.push({account, status});
    }
    return answers;
  };
  const token = await witness(book, ask);
  const letters: string[] = [];
  for (const stream of ['identity.events', 'activity']) {
    const {status, body} = await askStream('GET', `/v1/dead-letters?stream=${stream}`, {
      client: 'witness',
      token: token ?? '',
    });
    if (status !== 200) throw new Error(`The dead letters cannot be read: ${status} ${JSON.stringify(body)}`);
    letters.push(...(body.items as {id: string}[]).map(({id}) => id));
  }
  return {live: await refresh('live'), ended: await refresh('ended'), deadLetters: letters};
}

const LOG_LINES = 20_000;

async function keepLogs(learner: Learner, name: string): Promise<string> {
  const file = join(tmpdir(), name);
  const {stdout} = await learner.run('logs', '-n', String(LOG_LINES));
  await writeFile(file, stdout);
  return file;
}

function sumFaults(
  timetable: readonly TimedFault[],
  records: readonly (FaultRecord | undefined)[],
): SoakReport['faults'] {
  const kinds = [...new Set(timetable.map(({kind}) => kind as string))].toSorted();
  return kinds.map(kind => {
    const own = timetable.flatMap((fault, index) => (fault.kind === kind ? [records[index]] : []));
    const injected = own.filter(record => record !== undefined);
    return {
      kind,
      injected: injected.length,
      bit: injected.filter(({effect}) => effect?.verdict === 'bites').length,
      refused: own.length - injected.length,
    };
  });
}
