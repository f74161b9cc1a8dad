import {spawn} from 'node:child_process';
import {afterAll, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import type {StatusReport} from '../src/controller/protocol.ts';
import type {FaultRecord} from '../src/faults/fault.ts';
import {dockerDoes as docker} from './support/containers.ts';
import {madeBy} from './support/docker.ts';
import {bin, type Learner, newLearner} from './support/learner.ts';
import {requireTool} from './support/require.ts';
import {until} from './support/until.ts';

/** Far above what a busy machine takes, far below what would be no watchdog at all. */
const LATE_MS_MAX = 5_000;

/** Faults of containers by the built command, with the Docker CLI as a witness. The last test kills the system of the others. */
describe.sequential('faults of containers', () => {
  let learner: Learner | undefined;
  const use = (): Learner => {
    if (learner === undefined) throw new Error('there is no learner');
    return learner;
  };
  const up = async (): Promise<StatusReport> => (await use().json<StatusReport>('up', '--runtime', 'docker')).document;
  const containerOf = (system: StatusReport, node: string): string =>
    system.nodes.find(({name}) => name === node)?.container ?? '';
  const inspect = async (container: string, format: string): Promise<string> =>
    docker('inspect', '--format', format, container);

  const answers = async (system: StatusReport): Promise<boolean> => {
    const {url = ''} = system.nodes.find(({name}) => name === 'gateway-1') ?? {};
    const options = {signal: AbortSignal.timeout(1_000), headers: {connection: 'close'}};
    return fetch(`${url}/livez`, options).then(
      answer => answer.ok,
      () => false,
    );
  };

  beforeAll(() => {
    learner = newLearner();
  });
  beforeEach(context => requireTool(context, 'docker'));
  afterAll(async () => learner?.[Symbol.asyncDispose]());

  it.each([
    ['throttle', 'identity-db', ['--cpu', '5%']],
    ['skew', 'identity-1', ['--offset', '-2m']],
    ['busy', 'identity-1', ['--share', '90%']],
    ['leak', 'gateway-1', ['--rate', '60MB', '--limit', '80MB']],
    ['packet-loss', 'stream-1', ['--loss', '1']],
    ['ip-partition', 'broker', ['--mode', 'reject']],
  ])('%s on %s bites, and is undone', async (kind, target, attributes) => {
    await up();
    const {document} = await use().json<FaultRecord>('chaos', kind, target, ...attributes, '--for', '1m');
    expect(document.effect).toMatchObject({verdict: 'bites'});
    const cleared = await use().json<FaultRecord[]>('chaos', 'clear', document.id);
    expect(cleared.document[0]).toMatchObject({state: 'ended', healed: {verdict: 'none'}});
  });

  it('comes again to a node that was started anew', async () => {
    const system = await up();
    const {document} = await use().json<FaultRecord>('chaos', 'throttle', 'stream-1', '--cpu', '0.2', '--for', '5m');
    await use().run('chaos', 'restart', 'stream-1');
    const after = (await use().json<StatusReport>('status')).document;
    expect(containerOf(after, 'stream-1')).not.toBe(containerOf(system, 'stream-1'));
    await until(
      'the new container is throttled',
      async () => (await inspect(containerOf(after, 'stream-1'), '{{.HostConfig.CpuQuota}}')) === '20000',
    );
    await use().run('chaos', 'clear', document.id);
    expect(await inspect(containerOf(after, 'stream-1'), '{{.HostConfig.CpuQuota}}')).toBe('-1');
  });

  it('end in time when the command and the controller are killed, and nothing is left after the next command', async () => {
    const system = await up();
    const identity = containerOf(system, 'identity-1');
    const stream = containerOf(system, 'stream-1');
    const limit = await inspect(stream, '{{.HostConfig.Memory}}');
    const command = spawn(process.execPath, [bin, 'load', '--rate', '2/s', '--duration', '2m'], {
      cwd: use().folder,
      env: use().env,
      stdio: 'ignore',
    });
    await until(
      'the load is under way',
      async () => (await use().json<StatusReport>('status')).document.check !== null,
    );
    const slow = await use().json<FaultRecord>(
      'chaos',
      'latency',
      'client->gateway',
      '--latency',
      '1s',
      '--for',
      '15s',
    );
    const memory = await use().json<FaultRecord>('chaos', 'memory', 'stream-1', '--limit', '200MB', '--for', '12s');
    const pause = await use().json<FaultRecord>('chaos', 'pause', 'identity-1', '--for', '12s');
    // Less than its supervisor takes to find it dead.
    const busy = await use().json<FaultRecord>('chaos', 'busy', 'gateway-1', '--share', '1', '--for', '8s');
    command.kill('SIGKILL');
    process.kill(system.controller.pid, 'SIGKILL');
    expect(await inspect(identity, '{{.State.Paused}}')).toBe('true');
    // Nobody could tell it to stop: it does so by itself.
    expect(await answers(system)).toBe(false);
    await until('the loop of the service turns again', async () => answers(system));
    expect(Date.now() - (busy.document.endsAt ?? 0)).toBeGreaterThanOrEqual(-100);
    expect(Date.now() - (busy.document.endsAt ?? 0)).toBeLessThan(LATE_MS_MAX);
    await until('the node goes on', async () => (await inspect(identity, '{{.State.Paused}}')) === 'false');
    expect(Date.now() - (pause.document.endsAt ?? 0)).toBeGreaterThanOrEqual(0);
    expect(Date.now() - (pause.document.endsAt ?? 0)).toBeLessThan(LATE_MS_MAX);
    await until('the limit is as before', async () => (await inspect(stream, '{{.HostConfig.Memory}}')) === limit);
    expect(Date.now() - (memory.document.endsAt ?? 0)).toBeLessThan(LATE_MS_MAX);
    // The agent outlives the controller, and ends the faults of links.
    const [gateway = ''] = system.urls.gateway;
    await until('the link is as before', async () => (await answerMs(`${gateway}/livez`)) < 800);
    expect(Date.now() - (slow.document.endsAt ?? 0)).toBeGreaterThanOrEqual(0);
    expect(Date.now() - (slow.document.endsAt ?? 0)).toBeLessThan(2 * LATE_MS_MAX);
    expect((await use().run('status')).exitCode).toBe(4);
    expect(await madeBy(system.session)).toEqual([]);
  });
});

async function answerMs(url: string): Promise<number> {
  const startedAt = performance.now();
  await fetch(url, {signal: AbortSignal.timeout(10_000)}).then(async answer => answer.text());
  return performance.now() - startedAt;
}
