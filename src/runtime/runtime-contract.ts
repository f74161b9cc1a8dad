import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import pg from 'pg';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {spec} from '../topology/default.ts';
import type {PlannedNode} from '../topology/plan.ts';
import type {NodeReport, RunningNode, Runtime, StartOptions} from './runtime.ts';
import {waitUntil} from './wait.ts';

const WITHIN_MS = 20_000;
/** Far above what a busy machine takes for a round trip, far below what is put wrong. */
const CLOCKS_WITHIN_MS = 10_000;
/** Longer than a probe waits for its answer. */
const BUSY_MS = 3_500;
/** Clocks and timers of two processes agree within this. */
const TIMERS_WITHIN_MS = 50;
const LEAKED_BYTES = 50_000_000;
const ECHO: PlannedNode = {name: 'echo-1', service: 'echo', kind: 'service', supervision: spec('service').supervision};
const DATABASE: PlannedNode = {
  name: 'echo-db',
  service: 'echo-db',
  kind: 'postgres',
  supervision: spec('postgres').supervision,
};
const NOTHING: StartOptions = {env: {}, links: {}, seams: {}};

/** A runtime that a contract suite may use as it likes. */
export interface RuntimeUnderTest {
  readonly runtime: Runtime;
  /** Ends a node with SIGKILL as somebody else would, past the runtime. */
  killFromOutside(node: RunningNode): Promise<void>;
}

/** What every runtime promises. It must be able to run the service `echo` (`testing/echo-service.ts`), and a Postgres node. */
export function runtimeContract(name: string, makeRuntime: () => Promise<RuntimeUnderTest>): void {
  describe(`${name} runtime`, () => {
    // There is none where a test was left out before it was made.
    let made: RuntimeUnderTest | undefined;
    let runtime: Runtime;
    let killFromOutside: RuntimeUnderTest['killFromOutside'];
    beforeEach(async () => {
      made = undefined;
      made = await makeRuntime();
      ({runtime, killFromOutside} = made);
    });
    afterEach(async () => made?.runtime.down());

    describe('with a service', () => {
      const startEcho = async (options: Partial<StartOptions> = {}): Promise<RunningNode> => {
        await runtime.prepare([ECHO], () => undefined);
        const node = await runtime.start(ECHO, {...NOTHING, ...options});
        await eventually('echo answers', async () => (await ask(node)) !== undefined);
        return node;
      };

      it('passes on the environment, the links and the seams', async () => {
        const folder = await mkdtemp(join(tmpdir(), 'teralab-seam-'));
        const compose = join(folder, 'compose.mjs');
        await writeFile(compose, 'export const compose = 1;');
        const node = await startEcho({
          env: {DATABASE_URL: 'postgres://a'},
          links: {identity: [{node: 'identity-1', address: {host: '127.0.0.1', port: 1}}]},
          seams: {compose},
        });
        const answer = await ask(node);
        await rm(folder, {recursive: true});
        expect(answer).toMatchObject({
          NODE_NAME: 'echo-1',
          PROFILE: 'lab',
          DATABASE_URL: 'postgres://a',
          PORT: String(runtime.upstream('echo-1').port),
        });
        expect(JSON.parse(answer?.LINKS ?? '')).toEqual({identity: [{node: 'identity-1', url: 'http://127.0.0.1:1'}]});
        expect(answer?.seamTexts).toEqual({compose: 'export const compose = 1;'});
        expect(answer?.SESSION_SECRET?.length).toBeGreaterThan(20);
      });

      it('keeps the address over restarts', async () => {
        const first = await startEcho();
        await first.kill();
        const second = await startEcho();
        expect(second.address).toEqual(first.address);
        expect(runtime.address('echo-1')).toEqual(first.address);
        expect([second.pid, second.container]).not.toEqual([first.pid, first.container]);
      });

      it('says that it was stopped, killed, or ended by itself', async () => {
        const stopped = await startEcho();
        await stopped.stop();
        await expect(stopped.exited).resolves.toMatchObject({how: 'stopped', code: 0});
        const killed = await startEcho();
        await killed.kill();
        await expect(killed.exited).resolves.toMatchObject({how: 'killed', signal: 'SIGKILL'});
        const ended = await startEcho();
        await killFromOutside(ended);
        await expect(ended.exited).resolves.toMatchObject({how: 'exited', signal: 'SIGKILL'});
        await expect(ended.stats()).resolves.toBeUndefined();
      });

      it('is killed when it does not stop within its grace', async () => {
        const node = await startEcho({env: {DEAF: 'yes'}});
        await node.stop(50);
        await expect(node.exited).resolves.toMatchObject({how: 'killed'});
      });

      it('answers nothing while it is paused, and goes on afterwards', async () => {
        const node = await startEcho();
        await node.pause();
        await expect(ask(node, '/', 150)).resolves.toBeUndefined();
        await node.resume();
        await expect(ask(node)).resolves.toBeDefined();
      });

      it('is gone after disposal, even when it was paused', async () => {
        const node = await startEcho();
        await node.pause();
        await node[Symbol.asyncDispose]();
        await expect(node.exited).resolves.toMatchObject({how: 'killed'});
        await expect(ask(node, '/', 500)).resolves.toBeUndefined();
      });

      it('dies at an armed crash point, as often as it was told to pass it before', async () => {
        const node = await startEcho();
        const reports: NodeReport[] = [];
        node.onReport(report => reports.push(report));
        await node.armCrashPoint('before_commit', 1);
        await expect(ask(node, '/pass')).resolves.toBeDefined();
        await expect(ask(node, '/pass')).resolves.toBeUndefined();
        await expect(node.exited).resolves.toMatchObject({
          how: 'crash-point',
          point: 'before_commit',
          signal: 'SIGKILL',
        });
        expect(reports).toEqual([{type: 'crash-point', point: 'before_commit', at: expect.any(Number)}]);
      });

      it('passes a crash point that was disarmed', async () => {
        const node = await startEcho();
        await node.armCrashPoint('before_commit', 0);
        await node.disarmCrashPoints();
        await node.armCrashPoint('before_commit', 5);
        await expect(ask(node, '/pass')).resolves.toBeDefined();
      });

      it('puts the clock of a service wrong and right again, as seen from outside', async () => {
        const node = await startEcho();
        const offMs = async (): Promise<number> => {
          const measure = await node.disturber?.measure('skew');
          return measure?.kind === 'skew' ? measure.offsetMs : Number.NaN;
        };
        expect(Math.abs(await offMs())).toBeLessThan(CLOCKS_WITHIN_MS);
        await node.disturber?.set({kind: 'skew', offsetMs: -120_000, drift: 0});
        expect(Math.abs((await offMs()) + 120_000)).toBeLessThan(CLOCKS_WITHIN_MS);
        await node.disturber?.clear('skew');
        expect(Math.abs(await offMs())).toBeLessThan(CLOCKS_WITHIN_MS);
        await node.kill();
        await expect(node.disturber?.set({kind: 'skew', offsetMs: 1, drift: 0})).rejects.toMatchObject({
          code: 'NODE_GONE',
        });
      });

      it('orders a service to be busy for a time, and sees from outside that it is, and is no more', async () => {
        const node = await startEcho();
        const unanswered = async (): Promise<number> => {
          const measure = await node.disturber?.measure('busy');
          return measure?.kind === 'busy' ? measure.asked - measure.answered : Number.NaN;
        };
        const endsAt = Date.now() + BUSY_MS;
        await node.disturber?.set({kind: 'busy', share: 1, periodMs: 100, endsAt});
        expect(await unanswered()).toBeGreaterThan(0);
        await eventually('the loop turns again', async () => (await unanswered()) === 0);
        expect(Date.now()).toBeGreaterThanOrEqual(endsAt - TIMERS_WITHIN_MS);
      });

      it('orders a service to leak, and sees what it holds until it is told to give it back', async () => {
        const node = await startEcho();
        const used = async (): Promise<number> => {
          const measure = await node.disturber?.measure('leak');
          return measure?.kind === 'leak' ? measure.usedBytes : Number.NaN;
        };
        const before = await used();
        await node.disturber?.set({kind: 'leak', bytesPerSecond: 1e9, limitBytes: LEAKED_BYTES, endsAt: null});
        await eventually('it holds more', async () => (await used()) > before + 0.8 * LEAKED_BYTES);
        expect(await node.disturber?.measure('leak')).toMatchObject({heldBytes: LEAKED_BYTES});
        expect(await node.disturber?.clear('leak')).toMatchObject({kind: 'leak', usedBytes: expect.any(Number)});
      });

      it.each(['redeliver', 'reorder'] as const)('orders a service to %s, and asks it what came of it', async kind => {
        const node = await startEcho();
        const order = kind === 'redeliver' ? {kind, share: 0.5} : {kind, window: 8};
        await node.disturber?.set({...order, seed: 1, endsAt: null});
        const counted = {kind, deliveries: 3, affected: 2};
        expect(await node.disturber?.measure(kind)).toEqual({...counted, inForce: true});
        expect(await node.disturber?.clear(kind)).toEqual({...counted, inForce: false});
        await node.kill();
        await expect(node.disturber?.measure(kind)).rejects.toMatchObject({code: 'NODE_GONE'});
      });

      it('says so when a node is gone before a crash point is armed', async () => {
        const node = await startEcho();
        const arming = node.armCrashPoint('nowhere', 0);
        await Promise.all([expect(arming).rejects.toMatchObject({code: 'NODE_GONE'}), node.kill()]);
        await expect(node.armCrashPoint('before_commit', 0)).rejects.toMatchObject({code: 'NODE_GONE'});
      });

      it('hands on what a node reports of its seams, also to who listens late', async () => {
        const node = await startEcho({env: {SEAM_ERROR: 'no such export'}});
        const reports: NodeReport[] = [];
        node.onReport(report => reports.push(report));
        expect(reports).toEqual([
          {type: 'seam-error', seam: 'compose', file: '/w/compose.ts', line: 3, message: 'no such export'},
        ]);
      });

      it('keeps what the node writes, and counts what it uses', async () => {
        const node = await startEcho();
        await eventually('the line is there', async () => (await node.logTail(1))[0] === 'echo-1 listens');
        const stats = await node.stats();
        expect(stats?.rssBytes).toBeGreaterThan(1_000_000);
        expect(stats?.cpuMs).toBeGreaterThan(0);
        await node.stop();
        await expect(node.logTail(1)).resolves.toEqual(['asked to stop']);
      });

      it('leaves nothing behind when it goes down', async () => {
        const node = await startEcho();
        await node.pause();
        await runtime.down();
        await expect(node.exited).resolves.toMatchObject({how: 'killed'});
      });
    });

    describe('with a Postgres', () => {
      const startDatabase = async (): Promise<RunningNode> => {
        await runtime.prepare([DATABASE], () => undefined);
        const node = await runtime.start(DATABASE, NOTHING);
        await eventually('Postgres answers', async () => (await query(runtime, 'select 1', 2_000)) !== undefined);
        return node;
      };

      it('keeps what was committed when it is killed, and starts again', async () => {
        const first = await startDatabase();
        await query(runtime, 'create table if not exists kept (what text); truncate kept');
        const writer = connect(runtime);
        await writer.connect();
        await writer.query("insert into kept values ('committed')");
        await first.kill();
        await expect(first.exited).resolves.toMatchObject({how: 'killed'});
        await writer.end().catch(() => undefined);
        const second = await startDatabase();
        expect(second.address).toEqual(first.address);
        expect(await query(runtime, 'select what from kept')).toEqual([{what: 'committed'}]);
        await second.stop();
        await expect(second.exited).resolves.toMatchObject({how: 'stopped', code: 0});
      });

      it('hangs while it is paused, connected sessions too, and goes on afterwards', async () => {
        const node = await startDatabase();
        const client = connect(runtime);
        await client.connect();
        await node.pause();
        let answered = false;
        const answer = client.query('select 1 as one').then(result => {
          answered = true;
          return result.rows;
        });
        await expect(query(runtime, 'select 1', 200)).resolves.toBeUndefined();
        expect(answered).toBe(false);
        await node.resume();
        await expect(answer).resolves.toEqual([{one: 1}]);
        await client.end();
      });

      it('is gone after disposal, even when it was paused, and starts again', async () => {
        const node = await startDatabase();
        await node.pause();
        await node[Symbol.asyncDispose]();
        await expect(node.exited).resolves.toMatchObject({how: 'killed'});
        await startDatabase();
      });

      it('has no crash points', async () => {
        const node = await startDatabase();
        await expect(node.armCrashPoint('before_commit', 0)).rejects.toMatchObject({code: 'NOT_POSSIBLE_HERE'});
      });

      it('lets nobody in without the password of the session', async () => {
        await startDatabase();
        const client = connect(runtime, {password: 'teralab'});
        await expect(client.connect()).rejects.toMatchObject({code: '28P01'});
        const superuser = connect(runtime, {user: 'teralab', password: ''});
        await expect(superuser.connect()).rejects.toBeDefined();
      });
    });
  });
}

type Answer = Readonly<Record<string, string>> & {readonly pid?: number; readonly seamTexts?: unknown};

async function ask(node: RunningNode, path = '/', timeoutMs = WITHIN_MS): Promise<Answer | undefined> {
  try {
    const url = `http://${node.address.host}:${node.address.port}${path}`;
    const response = await fetch(url, {headers: {connection: 'close'}, signal: AbortSignal.timeout(timeoutMs)});
    return (await response.json()) as Answer;
  } catch {
    return undefined;
  }
}

function connect(runtime: Runtime, options: pg.ClientConfig = {}): pg.Client {
  const {address, ...access} = runtime.postgres(DATABASE.name);
  const client = new pg.Client({...address, ...access, ...options});
  client.on('error', () => undefined);
  return client;
}

async function query(runtime: Runtime, text: string, timeoutMs = WITHIN_MS): Promise<readonly unknown[] | undefined> {
  const client = connect(runtime, {connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs});
  try {
    await client.connect();
    return (await client.query(text)).rows;
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function eventually(what: string, test: () => Promise<boolean>): Promise<void> {
  expect(await waitUntil(test, WITHIN_MS, 10), what).toBe(true);
}
