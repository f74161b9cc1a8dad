import {randomBytes} from 'node:crypto';
import {mkdtempSync, readdirSync, readFileSync, rmSync, statSync} from 'node:fs';
import {connect} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeEach, describe, expect, it} from 'vitest';
import {labPaths} from '../../paths.ts';
import {spec} from '../../topology/default.ts';
import type {PlannedNode} from '../../topology/plan.ts';
import type {RunningNode, Runtime} from '../runtime.ts';
import {findNatsServer, isAtLeast} from './nats-server.ts';
import {postgresFolders} from './postgres-home.ts';
import {createProcessRuntime} from './process-runtime.ts';
import {waitUntil} from './wait.ts';

const WITHIN_MS = 20_000;
const NOTHING = {env: {}, links: {}, seams: {}};
const home = mkdtempSync(join(tmpdir(), 'teralab-nats-'));
const paths = labPaths({TERALAB_HOME: home});
const BROKER: PlannedNode = {
  name: 'broker',
  service: 'broker',
  kind: 'broker',
  engine: 'nats',
  supervision: spec('broker').supervision,
};
const missing = await findNatsServer().then(
  () => undefined,
  (error: Error) => error.message,
);

afterAll(() => {
  for (const folder of [home, postgresFolders(paths).base])
    if (folder !== undefined) rmSync(folder, {recursive: true, force: true});
});

describe('a NATS broker as a node', () => {
  beforeEach(context => {
    if (missing === undefined) return;
    if (process.env.TERALAB_REQUIRE_ALL) throw new Error(`${missing} TERALAB_REQUIRE_ALL is set.`);
    context.skip(missing);
  });

  it('lets in who knows the password of the session, and nobody else', async () => {
    await using system = await startBroker();
    const {user, password} = system.runtime.broker('broker');
    expect(await greet(system, {user, pass: password})).toMatch(/PONG/);
    expect(await greet(system, {user, pass: 'another'})).toMatch(/Authorization Violation/);
    expect(await greet(system, {})).toMatch(/Authorization Violation/);
  });

  it('has its password in a file that only its user can read, and in no argument', async () => {
    await using system = await startBroker();
    const {password} = system.runtime.broker('broker');
    const folder = join(postgresFolders(paths).databases, 'workspace', 'broker-nats');
    const holders = readdirSync(folder).filter(
      name => statSync(join(folder, name)).isFile() && readFileSync(join(folder, name), 'utf8').includes(password),
    );
    expect(holders).toEqual(['nats.conf']);
    expect(statSync(join(folder, 'nats.conf')).mode & 0o777).toBe(0o600);
    if (process.platform === 'linux')
      expect(readFileSync(`/proc/${system.node.pid}/cmdline`, 'utf8')).not.toContain(password);
  });

  it('keeps its address over a crash, hangs while it is paused, and stops when it is told to', async () => {
    await using system = await startBroker();
    const {user, password} = system.runtime.broker('broker');
    await system.node.kill();
    await expect(system.node.exited).resolves.toMatchObject({how: 'killed'});
    const second = await system.runtime.start(BROKER, NOTHING);
    expect(second.address).toEqual(system.node.address);
    await untilReady(second);
    await second.pause();
    expect(await greet(system, {user, pass: password}, 200)).toBe('');
    await second.resume();
    expect(await greet(system, {user, pass: password})).toMatch(/PONG/);
    await second.stop();
    await expect(second.exited).resolves.toMatchObject({how: 'stopped', code: 0});
  });

  it('has another password in each session', async () => {
    const passwords = [];
    for (let session = 0; session < 2; session += 1) {
      await using system = await startBroker();
      passwords.push(system.runtime.broker('broker').password);
    }
    expect(new Set(passwords).size).toBe(2);
  });
});

describe('looking for a NATS server', () => {
  it('says what is missing where there is none on the PATH', async () => {
    await expect(findNatsServer('/nowhere:relative')).rejects.toMatchObject({code: 'NATS_MISSING', exit: 4});
  });

  it('compares versions by their parts', () => {
    expect(isAtLeast([2, 10], [2, 9])).toBe(true);
    expect(isAtLeast([3, 0], [2, 9])).toBe(true);
    expect(isAtLeast([2, 8], [2, 9])).toBe(false);
  });
});

interface TestSystem extends AsyncDisposable {
  readonly runtime: Runtime;
  readonly node: RunningNode;
}

async function startBroker(): Promise<TestSystem> {
  const session = randomBytes(6).toString('hex');
  const logFolder = join(paths.state, 'logs', session);
  const runtime = createProcessRuntime({session, workspaceId: 'workspace', paths, serviceEntries: {}, logFolder});
  await runtime.prepare([BROKER], () => undefined);
  const node = await runtime.start(BROKER, NOTHING);
  await untilReady(node);
  return {runtime, node, [Symbol.asyncDispose]: () => runtime.down()};
}

async function untilReady(node: RunningNode): Promise<void> {
  // Whoever is greeted is told who the server is, and then refused.
  const isReady = async (): Promise<boolean> => /-ERR/.test(await greet({node}, {}));
  expect(await waitUntil(isReady, WITHIN_MS)).toBe(true);
}

/** Everything that the server says to somebody who introduces himself like this. */
async function greet({node}: Pick<TestSystem, 'node'>, who: object, timeoutMs = WITHIN_MS): Promise<string> {
  return new Promise(resolve => {
    const socket = connect({...node.address});
    let said = '';
    const finish = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(said);
    };
    const timer = setTimeout(finish, timeoutMs);
    socket.setEncoding('utf8');
    socket.on('data', chunk => {
      said += String(chunk);
      if (/PONG|-ERR/.test(said)) finish();
    });
    socket.on('connect', () => socket.write(`CONNECT ${JSON.stringify({verbose: false, ...who})}\r\nPING\r\n`));
    socket.on('error', finish);
    socket.on('close', finish);
  });
}
