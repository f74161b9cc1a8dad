import {randomBytes} from 'node:crypto';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterAll, beforeEach, describe, expect, it} from 'vitest';
import {requireTool} from '../../../test/support/require.ts';
import {spec} from '../../topology/default.ts';
import type {PlannedNode} from '../../topology/plan.ts';
import type {RunningNode} from '../runtime.ts';
import {runtimeContract} from '../runtime-contract.ts';
import {testContext} from '../testing/image-context.ts';
import {waitUntil} from '../wait.ts';
import {createDockerRuntime} from './docker-runtime.ts';
import {resolveEndpoint} from './endpoint.ts';

const folder = mkdtempSync(join(tmpdir(), 'teralab-docker-'));
const endpoint = await resolveEndpoint();
afterAll(() => rmSync(folder, {recursive: true, force: true}));

const WITHIN_MS = 60_000;
const hasStarted = async (node: RunningNode | undefined): Promise<boolean> =>
  ((await node?.logTail(200)) ?? []).filter(line => line.includes('ready to accept connections')).length > 1;
const newSession = (): string => randomBytes(6).toString('hex');
const makeRuntime = (session = newSession(), tunnels = false) =>
  createDockerRuntime({session, endpoint, context: testContext, logFolder: join(folder, session), tunnels});
/** The Docker CLI, which is not our code, as a witness. */
const docker = async (...args: string[]): Promise<string> =>
  (await execa('docker', args, {env: {DOCKER_HOST: endpoint.host}})).stdout;
const all = async (what: 'ps' | 'network' | 'volume', session: string): Promise<string> =>
  docker(...(what === 'ps' ? ['ps', '-a'] : [what, 'ls']), '-q', '--filter', `label=dev.teralab.session=${session}`);

describe('on a Docker Engine', () => {
  beforeEach(context => requireTool(context, 'docker'));

  runtimeContract('docker', async () => ({
    runtime: makeRuntime(),
    killFromOutside: async ({container}) => void (await docker('kill', container ?? '')),
  }));

  // As with an engine on another machine, whose loopback interface is not this one's.
  runtimeContract('docker through a tunnel', async () => ({
    runtime: makeRuntime(newSession(), true),
    killFromOutside: async ({container}) => void (await docker('kill', container ?? '')),
  }));

  const echo: PlannedNode = {
    name: 'echo-1',
    service: 'echo',
    kind: 'service',
    supervision: spec('service').supervision,
  };
  const database: PlannedNode = {...echo, name: 'echo-db', service: 'echo-db', kind: 'postgres'};

  it('labels and confines what it makes, publishes on the loopback interface only, and removes all of it', async () => {
    const session = newSession();
    const runtime = makeRuntime(session);
    try {
      await runtime.prepare([echo, database], () => undefined);
      const nodes = await Promise.all(
        [echo, database].map(async node => runtime.start(node, {env: {}, links: {}, seams: {}})),
      );
      // Before it has made its data, a server is a script that no signal ends gently.
      expect(await waitUntil(async () => hasStarted(nodes[1]), WITHIN_MS, 50)).toBe(true);
      const ids = (await all('ps', session)).split('\n');
      expect(ids).toHaveLength(3);
      for (const id of ids) {
        const [info] = JSON.parse(await docker('inspect', id)) as [Inspected];
        expect(info.HostConfig).toMatchObject({
          ReadonlyRootfs: true,
          CapDrop: ['ALL'],
          SecurityOpt: ['no-new-privileges'],
        });
        expect(info.HostConfig.Memory).toBeGreaterThan(0);
        expect(['node', 'postgres']).toContain(info.Config.User);
        const published = Object.values(info.HostConfig.PortBindings).flat();
        expect(published.length).toBeGreaterThan(0);
        expect(new Set(published.map(({HostIp}) => HostIp))).toEqual(new Set(['127.0.0.1']));
        expect(Object.keys(info.NetworkSettings.Networks)).toEqual([`teralab-${session}-network`]);
      }
      expect((await all('network', session)).split('\n')).toHaveLength(1);
      expect((await all('volume', session)).split('\n')).toHaveLength(2);
      await runtime.down();
      expect(await Promise.all(nodes.map(async node => (await node.exited).how))).toEqual(['stopped', 'stopped']);
    } finally {
      await runtime.down();
    }
    for (const what of ['ps', 'network', 'volume'] as const) expect(await all(what, session)).toBe('');
  });

  it('says whose the name is when a foreign container has it, and leaves that alone', async () => {
    const session = newSession();
    const name = `teralab-${session}-echo-1`;
    const foreign = await docker('create', '--name', name, 'node:20-bookworm-slim', 'true');
    const runtime = makeRuntime(session);
    try {
      await runtime.prepare([echo], () => undefined);
      await expect(runtime.start(echo, {env: {}, links: {}, seams: {}})).rejects.toMatchObject({
        code: 'NAME_TAKEN',
        message: expect.stringContaining(name),
      });
      await runtime.down();
      expect(await docker('ps', '-aq', '--no-trunc', '--filter', `name=${name}`)).toBe(foreign);
    } finally {
      await runtime.down();
      await docker('rm', '-f', foreign);
    }
  });

  it('says that there is no engine, and where it looked', async () => {
    const runtime = createDockerRuntime({
      session: newSession(),
      endpoint: {host: 'unix:///nowhere/docker.sock', source: 'DOCKER_HOST'},
      context: testContext,
      logFolder: folder,
    });
    await expect(runtime.prepare([echo], () => undefined)).rejects.toMatchObject({
      code: 'ENGINE_MISSING',
      message: expect.stringContaining('/nowhere/docker.sock (DOCKER_HOST)'),
    });
  });
});

interface Inspected {
  readonly Config: {readonly User: string};
  readonly HostConfig: {
    readonly Memory: number;
    readonly PortBindings: Readonly<Record<string, readonly {readonly HostIp: string}[]>>;
  };
  readonly NetworkSettings: {readonly Networks: Readonly<Record<string, unknown>>};
}
