import {randomBytes} from 'node:crypto';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeEach, describe, expect, it} from 'vitest';
import {requireSwarm, swarmHost} from '../../../test/support/require.ts';
import {cutOff, dockerOn, engineOf, leftOn, requireOwnSwarm, swarmEngines} from '../../../test/support/swarm.ts';
import {spec} from '../../topology/default.ts';
import type {PlannedNode} from '../../topology/plan.ts';
import type {RunningNode, Runtime} from '../runtime.ts';
import {runtimeContract} from '../runtime-contract.ts';
import {stewardProgram, testContext} from '../testing/image-context.ts';
import {waitUntil} from '../wait.ts';
import {removeSwarmSession} from './remove-session.ts';
import {createSwarmRuntime, type SwarmRuntimeOptions} from './swarm-runtime.ts';

const WITHIN_MS = 60_000;
const NOTHING = {env: {}, links: {}, seams: {}};
const folder = mkdtempSync(join(tmpdir(), 'teralab-swarm-'));
afterAll(() => rmSync(folder, {recursive: true, force: true}));

const host = swarmHost() ?? '';
const engines = swarmEngines(host);
const endpoint = {host, source: 'TERALAB_SWARM_HOST'};
const newSession = (): string => randomBytes(6).toString('hex');
const makeRuntime = (session = newSession(), more: Partial<SwarmRuntimeOptions> = {}): Runtime =>
  createSwarmRuntime({
    session,
    endpoint,
    context: testContext,
    steward: stewardProgram,
    logFolder: join(folder, session),
    ...more,
  });
const service = (name: string): PlannedNode => ({
  name,
  service: 'echo',
  kind: 'service',
  supervision: spec('service').supervision,
});
const [first, second] = [service('echo-1'), service('echo-2')];
const database: PlannedNode = {...first, name: 'echo-db', service: 'echo-db', kind: 'postgres'};

describe('on a swarm', {timeout: 180_000}, () => {
  beforeEach(context => void requireSwarm(context));

  runtimeContract('swarm', async () => ({
    runtime: makeRuntime(),
    killFromOutside: async ({container = ''}) =>
      void (await dockerOn(await engineOf(container, engines), 'kill', container)),
  }));

  it('spreads, labels and confines what it makes, publishes nothing, and removes all of it', async () => {
    const session = newSession();
    const runtime = makeRuntime(session);
    try {
      const nodes = [first, second, database];
      await runtime.prepare(nodes, () => undefined);
      const started = await Promise.all(nodes.map(async node => runtime.start(node, NOTHING)));
      const places = await Promise.all(started.map(async ({container = ''}) => engineOf(container, engines)));
      expect(new Set(places).size).toBe(Math.min(3, engines.length));
      for (const [index, {container = ''}] of started.entries()) {
        const [info] = JSON.parse(await dockerOn(places[index] ?? '', 'inspect', container)) as [Inspected];
        expect(info.HostConfig).toMatchObject({ReadonlyRootfs: true, CapDrop: ['ALL']});
        expect(info.HostConfig.Memory).toBeGreaterThan(0);
        expect(['node', 'postgres']).toContain(info.Config.User);
        expect(info.Config.Labels['dev.teralab.session']).toBe(session);
        expect(Object.values(info.NetworkSettings.Ports).flat().filter(Boolean)).toEqual([]);
        expect(Object.keys(info.NetworkSettings.Networks)).toEqual([`teralab-${session}-network`]);
        // Only stewards have an engine's socket.
        expect(JSON.stringify(info.HostConfig)).not.toContain('docker.sock');
      }
    } finally {
      await runtime.down();
    }
    expect(await leftOn(engines, session)).toEqual([]);
  });

  it('goes back to the old node when a new one never gets healthy, and replaces it by one that does', async () => {
    await using runtime = disposable(makeRuntime());
    await runtime.prepare([first], () => undefined);
    const old = await runtime.start(first, {...NOTHING, env: {VERSION: 'old'}});
    await answers(old, 'old');
    const heard = new Set<string | undefined>();
    let isOver = false;
    const asking = (async () => {
      while (!isOver) heard.add(await versionOf(old));
    })();
    const bad = await runtime.rollOut?.(first, {...NOTHING, env: {VERSION: 'bad', UNHEALTHY: 'yes'}});
    isOver = true;
    await asking;
    expect(bad).toEqual({outcome: 'rolled-back', reason: expect.stringMatching(/^its health check failed \d+ times/)});
    expect([...heard]).toEqual(['old']);
    const broken = await runtime.rollOut?.(first, {...NOTHING, env: {NODE_OPTIONS: '--require=/nowhere.js'}});
    expect(broken).toMatchObject({outcome: 'rolled-back'});
    await expect(old.stats()).resolves.toBeDefined();
    const good = await runtime.rollOut?.(first, {...NOTHING, env: {VERSION: 'new'}});
    if (good?.outcome !== 'replaced') throw new Error(JSON.stringify(good));
    await answers(good.node, 'new');
    expect(good.node.container).not.toBe(old.container);
    await expect(old.exited).resolves.toMatchObject({how: 'exited', code: 0});
    await good.node.kill();
    await expect(good.node.exited).resolves.toMatchObject({how: 'killed'});
  });

  it('starts nodes of a lost machine elsewhere, and removes what is left on it once it is back', async context => {
    requireOwnSwarm(context, host);
    const session = newSession();
    const left: (readonly string[])[] = [];
    const said: string[] = [];
    const runtime = makeRuntime(session, {onLeft: async machines => void left.push(machines)});
    try {
      const nodes = [first, second, database];
      await runtime.prepare(nodes, () => undefined);
      const [node, other] = await Promise.all(nodes.map(async planned => runtime.start(planned, NOTHING)));
      if (node === undefined || other === undefined) throw new Error('they were not started');
      const lost = await engineOf(node.container ?? '', engines);
      expect(lost).not.toBe(host);
      const rest = engines.filter(engine => engine !== lost);
      {
        await using _ = await cutOff(lost);
        await expect(node.exited).resolves.toMatchObject({how: 'exited', code: null, signal: null});
        const again = await runtime.start(first, NOTHING);
        expect(rest).toContain(await engineOf(again.container ?? '', rest));
        await answers(again, undefined);
        await answers(other, undefined);
        await runtime.down(line => said.push(line));
        expect(said.join()).toMatch(/^teralab-h\d is not there/);
        expect(left).toHaveLength(1);
        expect(await leftOn(rest, session)).toEqual([]);
      }
      const remove = async (): Promise<readonly string[]> =>
        removeSwarmSession({...endpoint, machines: left.flat()}, session, {
          program: stewardProgram,
          say: () => undefined,
        });
      expect(await waitUntil(async () => (await remove()).length === 0, WITHIN_MS, 500)).toBe(true);
    } finally {
      await runtime.down();
    }
    expect(await leftOn(engines, session)).toEqual([]);
  });
});

interface Inspected {
  readonly Config: {readonly User: string; readonly Labels: Readonly<Record<string, string>>};
  readonly HostConfig: {readonly Memory: number};
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, unknown>>;
    readonly Ports: Readonly<Record<string, unknown>>;
  };
}

function disposable(runtime: Runtime): Runtime & AsyncDisposable {
  return Object.assign(runtime, {[Symbol.asyncDispose]: async () => runtime.down()});
}

async function versionOf({address: {host: at, port}}: RunningNode): Promise<string | undefined> {
  const response = await fetch(`http://${at}:${port}/`, {headers: {connection: 'close'}});
  return ((await response.json()) as {readonly VERSION?: string}).VERSION;
}

async function answers(node: RunningNode, version: string | undefined): Promise<void> {
  const isHeard = async (): Promise<boolean> => {
    try {
      return (await versionOf(node)) === version;
    } catch {
      return false;
    }
  };
  expect(await waitUntil(isHeard, WITHIN_MS, 50)).toBe(true);
}
