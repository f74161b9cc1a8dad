import {randomBytes} from 'node:crypto';
import {execa} from 'execa';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {requireTool} from '../../../test/support/require.ts';
import type {Disturber} from '../disturbance.ts';
import {waitUntil} from '../wait.ts';
import {createContainerDisturber} from './container-disturber.ts';
import {resolveEndpoint} from './endpoint.ts';
import {openEngine} from './engine.ts';
import {BASE_IMAGES} from './images.ts';
import {MEMORY_LABEL, ROLE_LABEL, SESSION_LABEL} from './labels.ts';
import {removeAll} from './remove-session.ts';

const MB = 1024 * 1024;
const WITHIN_MS = 20_000;
const endpoint = await resolveEndpoint();
/** The Docker CLI, which is not our code, as a witness. */
const docker = async (...args: string[]): Promise<string> =>
  (await execa('docker', args, {env: {DOCKER_HOST: endpoint.host}})).stdout;

describe('a container of a Docker Engine', () => {
  let session: string;
  let container: string;
  let disturber: Disturber;
  let network: string;

  beforeEach(async context => {
    requireTool(context, 'docker');
    session = randomBytes(6).toString('hex');
    network = `teralab-${session}-network`;
    await docker('network', 'create', '--label', `${SESSION_LABEL}=${session}`, network);
    container = await docker(
      ...['run', '-d', '--network', network, '--network-alias', 'server', '--label', `${SESSION_LABEL}=${session}`],
      ...['--label', `${MEMORY_LABEL}=${256 * MB}`, '-m', `${256 * MB}`, '--memory-swap', `${256 * MB}`],
      ...['--read-only', '--cap-drop', 'ALL', '--user', 'node', '--entrypoint', 'node', BASE_IMAGES.node],
      ...['-e', "require('http').createServer((q, a) => a.end('here')).listen(8080)"],
    );
    // Its image is that of the helpers.
    await docker(
      ...['create', '--label', `${SESSION_LABEL}=${session}`, '--label', `${ROLE_LABEL}=agent`, BASE_IMAGES.node],
    );
    const engine = await openEngine(endpoint);
    disturber = createContainerDisturber({engine, container, session, node: 'server', isGone: () => false});
  });
  afterEach(async () => {
    if (session !== undefined) await removeAll(await openEngine(endpoint), session);
  });

  const inspect = async (format: string): Promise<string> => docker('inspect', '-f', format, container);
  /** Asks the server from another container of the network; says what it answered, or how that failed and after how long. */
  const ask = async (withinMs: number): Promise<string> =>
    docker(
      ...['run', '--rm', '--network', network, '--label', `${SESSION_LABEL}=${session}`, '--entrypoint', 'node'],
      ...[BASE_IMAGES.node, '-e'],
      `fetch('http://server:8080', {signal: AbortSignal.timeout(${withinMs})}).then(a => a.text()).then(console.log, e => console.log((e.cause ?? e).code)).then(() => process.exit())`,
    );
  const tables = async (): Promise<string> =>
    docker(
      ...['run', '--rm', '--network', `container:${container}`, '--cap-add', 'NET_ADMIN', '--user', '0'],
      ...['--label', `${SESSION_LABEL}=${session}`, '--entrypoint', 'nft', BASE_IMAGES.node, 'list', 'tables'],
    );
  const helpers = async (): Promise<string> =>
    docker('ps', '-aq', '--filter', `label=${SESSION_LABEL}=${session}`, '--filter', `label=${ROLE_LABEL}=helper`);

  it('gets the CPU time that a throttle leaves it, and all of it again', async () => {
    const share = async (): Promise<number> => {
      const measure = await disturber.measure('throttle');
      return measure?.kind === 'throttle' ? (measure.share ?? Number.NaN) : Number.NaN;
    };
    const before = await share();
    await disturber.set({kind: 'throttle', cpu: 0.05});
    expect(await inspect('{{.HostConfig.CpuQuota}} {{.HostConfig.CpuPeriod}}')).toBe('5000 100000');
    expect(await share()).toBeLessThan(0.1);
    expect(before).toBeGreaterThan(0.1);
    await disturber.clear('throttle');
    expect(await inspect('{{.HostConfig.CpuQuota}}')).toBe('-1');
    expect(await waitUntil(async () => (await share()) > 0.12, WITHIN_MS, 100)).toBe(true);
  });

  it('has less memory under a limit, feels it, and has its former limit again', async () => {
    await disturber.set({kind: 'memory', limitBytes: 64 * MB});
    expect(await inspect('{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}')).toBe(`${64 * MB} ${64 * MB}`);
    expect(await disturber.measure('memory')).toMatchObject({kind: 'memory', limitBytes: 64 * MB});
    const hungry = docker('exec', container, 'node', '-e', 'const b=[];for(;;)b.push(Buffer.alloc(4e6,1))');
    await expect(hungry).rejects.toThrow();
    const last = await disturber.clear('memory').catch(() => undefined);
    // The kernel may have chosen the server itself.
    if ((await inspect('{{.State.Running}}')) === 'true') expect(last).toMatchObject({limitBytes: 64 * MB});
    expect(await inspect('{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}')).toBe(`${256 * MB} ${256 * MB}`);
  });

  it('loses packets by nftables in its own network, counted, and nothing of that is left', async () => {
    const before = await tables();
    expect(await ask(5_000)).toBe('here');
    await disturber.set({kind: 'packet-loss', loss: 1, direction: 'in'});
    expect(await tables()).toContain('table inet teralab_packet_loss');
    // Names are answered on the loopback of who asks: what is lost is the connection's first packet.
    expect(await ask(1_500)).toMatch(/^(23|ABORT_ERR|TimeoutError|UND_ERR_CONNECT_TIMEOUT|EHOSTUNREACH)$/);
    expect(await disturber.measure('packet-loss')).toMatchObject({inForce: true});
    const last = await disturber.clear('packet-loss');
    expect(last?.kind === 'packet-loss' && last.dropped).toBeGreaterThan(0);
    expect(await tables()).toBe(before);
    expect(await ask(5_000)).toBe('here');
    expect(await disturber.measure('packet-loss')).toMatchObject({inForce: false, seen: 0, dropped: 0});
    expect(await helpers()).toBe('');
  });

  it('loses about the share that was asked for, and drops beside a partition of its own', async () => {
    await disturber.set({kind: 'packet-loss', loss: 0.5, direction: 'both'});
    await disturber.set({kind: 'packet-loss', loss: 0.3, direction: 'both'});
    for (let count = 0; count < 3; count++) await ask(10_000);
    const some = await disturber.measure('packet-loss');
    if (some?.kind !== 'packet-loss') throw new Error('not measured');
    expect(some.dropped).toBeGreaterThan(0);
    expect(some.dropped).toBeLessThan(some.seen);
    await disturber.set({kind: 'ip-partition', mode: 'reject', direction: 'in'});
    expect(await tables()).toMatch(/teralab_packet_loss\n.*teralab_ip_partition/);
    await disturber.clear('packet-loss');
    expect(await ask(5_000)).toBe('ECONNREFUSED');
    await disturber.clear('ip-partition');
    expect(await ask(5_000)).toBe('here');
  });

  it('answers the lab itself through a partition, which is none of its traffic', async () => {
    const published = await docker(
      ...['run', '-d', '--network', network, '-p', '127.0.0.1::8080', '--label', `${SESSION_LABEL}=${session}`],
      ...['--entrypoint', 'node', BASE_IMAGES.node, '-e'],
      "require('http').createServer((q, a) => a.end('here')).listen(8080)",
    );
    const address = (await docker('port', published, '8080')).split('\n')[0] ?? '';
    const answers = async (): Promise<boolean> =>
      fetch(`http://${address}`, {signal: AbortSignal.timeout(5_000)}).then(
        async answer => (await answer.text()) === 'here',
        () => false,
      );
    const engine = await openEngine(endpoint);
    const other = createContainerDisturber({engine, container: published, session, node: 'other', isGone: () => false});
    expect(await waitUntil(answers, WITHIN_MS, 50)).toBe(true);
    await other.set({kind: 'ip-partition', mode: 'drop', direction: 'both'});
    expect(await answers()).toBe(true);
    await other.clear('ip-partition');
  });

  it('has no clock of its own to skew where it runs no service', async () => {
    await expect(disturber.set({kind: 'skew', offsetMs: 5, drift: 0})).rejects.toMatchObject({
      code: 'NOT_POSSIBLE_HERE',
    });
  });
});
