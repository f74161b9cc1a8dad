import {spawn} from 'node:child_process';
import {existsSync, writeFileSync} from 'node:fs';
import {connect, type Socket} from 'node:net';
import {join} from 'node:path';
import {Toxiproxy} from 'toxiproxy-node-client';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {LinkStatus, StatusReport} from '../src/controller/protocol.ts';
import type {FaultRecord} from '../src/faults/fault.ts';
import {freePort} from './support/free-port.ts';
import {bin, type Learner, newLearner} from './support/learner.ts';
import {until} from './support/until.ts';

const LINK = 'gateway-1->identity-1';
const SLOW_MS = 400;

interface ErrorDocument {
  readonly error: {readonly code: string; readonly message: string};
}
interface RunDocument {
  readonly status: string;
  readonly outcome: string;
  readonly deviated: boolean;
  readonly because: string;
  readonly doubts: readonly string[];
}

/** What users of other tools have asked for, as they would do it here: docs/what-people-ask.md. One system for all, in this order; the last test kills it. */
describe.sequential('somebody who has asked another tool for it', () => {
  let learner: Learner;
  let port = 0;
  beforeAll(async () => {
    learner = newLearner();
    port = await freePort();
  });
  afterAll(async () => learner[Symbol.asyncDispose]());

  const write = (name: string, text: string): string => {
    writeFileSync(join(learner.folder, name), text);
    return name;
  };
  const chaos = async (...words: string[]): Promise<FaultRecord> =>
    (await learner.json<FaultRecord>('chaos', ...words)).document;
  const inForce = async (): Promise<readonly FaultRecord[]> =>
    (await learner.json<FaultRecord[]>('chaos', 'list')).document;
  const history = async (): Promise<readonly FaultRecord[]> =>
    (await learner.json<FaultRecord[]>('chaos', 'history')).document;
  const status = async (): Promise<StatusReport> => (await learner.json<StatusReport>('status')).document;
  const linkAddress = async (): Promise<string> => {
    const proxies = (await status()).links.flatMap(link => link.proxies);
    return proxies.find(({name}) => name === LINK)?.address ?? '';
  };
  const clear = async (): Promise<void> => {
    expect((await learner.run('chaos', 'clear', '--all')).exitCode).toBe(0);
  };
  /** A request that the gateway sends on to identity, which turns it away. */
  const signIn = async (): Promise<{readonly status: number; readonly ms: number}> => {
    const [gateway = ''] = (await status()).urls.gateway;
    const startedAt = performance.now();
    const reply = await fetch(`${gateway}/v1/sessions`, {
      method: 'POST',
      headers: {'content-type': 'application/json'},
      body: JSON.stringify({account: '00000000-0000-4000-8000-000000000000', password: 'not the right one'}),
    });
    await reply.text();
    return {status: reply.status, ms: performance.now() - startedAt};
  };
  const isWell = async (): Promise<boolean> => {
    const {status: answered, ms} = await signIn();
    return answered < 500 && ms < SLOW_MS;
  };

  it('has the toxics of a config file in force from the start, or is told what is wrong with it (Shopify/toxiproxy#281, #447)', async () => {
    const config = (latency: string): string =>
      JSON.stringify([
        {name: 'own', listen: 'localhost:0', upstream: `localhost:${port}`, toxics: [{type: 'noop'}]},
        {name: 'gateway->identity', toxics: [{type: 'latency', name: 'slow', attributes: {[latency]: SLOW_MS}}]},
      ]);
    const up = ['up', '--toxiproxy-api', `${port}`, '--toxiproxy-config'];
    const wrong = await learner.json<ErrorDocument>(...up, write('wrong.json', config('latncy')));
    expect([wrong.exitCode, wrong.document.error.code]).toEqual([2, 'BAD_TOXIPROXY_CONFIG']);
    expect(wrong.document.error.message).toContain('`latncy`');
    expect(await inForce()).toEqual([]);
    const file = write('right.json', config('latency'));
    const right = await learner.json<StatusReport>(...up, file);
    expect([right.exitCode, right.document.faults.map(({name}) => name)]).toEqual([0, ['noop_downstream', 'slow']]);
    expect((await signIn()).ms).toBeGreaterThan(SLOW_MS);
    const ids = right.document.faults.map(({id}) => id);
    expect((await learner.json<StatusReport>(...up, file)).document.faults.map(({id}) => id)).toEqual(ids);
    await clear();
    await until('all is well', isWell);
  });

  it('names a node, a service or a link, and is helped with a wrong name (alexei-led/pumba#90)', async () => {
    for (const target of ['gateway->identity', 'identity-1', 'identity', 'gateway-1->identity-1']) {
      const {document} = await learner.json<{proxies: string[]}>('chaos', 'blackhole', target, '--dry-run');
      expect(document.proxies).toContain(LINK);
    }
    const {exitCode, document} = await learner.json<ErrorDocument>('chaos', 'pause', 'identty');
    expect([exitCode, document.error.code]).toEqual([2, 'UNKNOWN_TARGET']);
    expect(document.error.message).toContain('Did you mean "identity"?');
  });

  it('sees whether traffic goes through, link by link and connection by connection (Shopify/toxiproxy#365, #266)', async () => {
    const traffic = async (): Promise<(name: string) => LinkStatus['traffic'] | undefined> => {
      const {links} = await status();
      return name => links.find(link => link.name === name)?.traffic;
    };
    const earlier = await traffic();
    await signIn();
    const later = await traffic();
    for (const name of ['client->gateway', 'gateway->identity']) {
      const [old, now] = [earlier(name), later(name)];
      expect(now?.bytes.upstream, name).toBeGreaterThan(old?.bytes.upstream ?? Number.NaN);
      expect(now?.bytes.downstream, name).toBeGreaterThan(old?.bytes.downstream ?? Number.NaN);
    }
    expect(later('gateway->stream')).toEqual(earlier('gateway->stream'));
    const connections = await fetch(`http://127.0.0.1:${port}/proxies/${encodeURIComponent(LINK)}/connections`);
    expect(await connections.json()).toContainEqual(expect.objectContaining({toxics: [], bytes: expect.anything()}));
  });

  it('is told that a fault has no effect, or that it cannot have any here (alexei-led/pumba#137, #254)', async () => {
    const none = await learner.run('chaos', 'latency', 'gateway->identity', '--latency', '0ms', '--for', '1s');
    expect(none.stdout).toMatch(/no effect: round trip \d/);
    expect(await chaos('reset', 'gateway->identity', '--toxicity', '0', '--for', '1s')).toMatchObject({
      effect: {verdict: 'none'},
    });
    const impossible = await learner.json<ErrorDocument>('chaos', 'packet-loss', 'identity', '--loss', '50%');
    expect([impossible.exitCode, impossible.document.error.code]).toEqual([2, 'NOT_POSSIBLE_HERE']);
    await clear();
  });

  it('reads how jitter is drawn, and what becomes of one that is larger than the latency (Shopify/toxiproxy#556)', async () => {
    const {stdout} = await learner.run('chaos', 'latency', '--help');
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      'how the jitter is drawn (uniform, normal, pareto; default uniform)',
    );
    const fault = await chaos('latency', 'gateway->identity', '--latency', '20ms', '--jitter', '40ms', '--for', '1m');
    expect(fault).toMatchObject({attributes: {distribution: 'uniform'}});
    expect(fault.effect?.observed).toContain('the jitter is larger than the latency, so delays end at 0');
    await clear();
  });

  it('kills the command with SIGKILL, and its fault still ends by itself (alexei-led/pumba#147)', async () => {
    const words = ['chaos', 'latency', 'gateway->identity', '--latency', `${SLOW_MS}ms`, '--for', '5s'];
    const command = spawn(process.execPath, [bin, ...words], {cwd: learner.folder, env: learner.env, stdio: 'ignore'});
    let fault: FaultRecord | undefined;
    await until('the fault is in force', async () => {
      [fault] = await inForce();
      return fault !== undefined;
    });
    command.kill('SIGKILL');
    await until('the fault has ended', async () => (await inForce()).length === 0);
    expect((await history()).find(({id}) => id === fault?.id)).toMatchObject({state: 'ended', endedBy: 'time'});
    await until('all is well', isWell);
  });

  it('has callers refused while a node is down, and not accepted (Shopify/toxiproxy#265)', async () => {
    const address = await linkAddress();
    expect(await endOf(dial(address), 'at its connect')).toBe('connected');
    await chaos('crash', 'identity-1', '--for', '1m');
    expect(await endOf(dial(address), 'at its connect')).toBe('ECONNREFUSED');
    await clear();
    await until('all is well', isWell);
  });

  it.each([
    ['reset', 'ECONNRESET'],
    ['refuse', 'ECONNREFUSED'],
  ])(
    'partitions by %s: open connections are reset, new ones not left waiting (chaos-mesh/chaos-mesh#5067)',
    async (mode, error) => {
      const address = await linkAddress();
      const idle = dial(address);
      expect(await endOf(idle, 'at its connect')).toBe('connected');
      const reset = endOf(idle, 'later');
      expect((await chaos('partition', 'gateway|identity', '--mode', mode, '--for', '1m')).effect).toMatchObject({
        verdict: 'bites',
      });
      expect([await reset, await endOf(dial(address), 'later')]).toEqual(['ECONNRESET', error]);
      await clear();
      await until('all is well', isWell);
    },
  );

  it('has a partition end on time although its target was started anew meanwhile (chaos-mesh/chaos-mesh#4827)', async () => {
    const identity = async () => (await status()).nodes.find(({name}) => name === 'identity-1');
    const before = await identity();
    const {id} = await chaos('partition', 'gateway|identity', '--for', '6s');
    if (before?.pid === undefined) throw new Error('identity-1 has no process');
    process.kill(before.pid, 'SIGKILL');
    await until('another process is ready', async () => {
      const now = await identity();
      return now?.state === 'ready' && now.pid !== before.pid;
    });
    await until('the partition has ended', async () => (await inForce()).length === 0);
    expect((await history()).find(fault => fault.id === id)).toMatchObject({state: 'ended', endedBy: 'time'});
    await until('all is well', isWell);
  });

  it('scripts faults by count and by time (Shopify/toxiproxy#404)', async () => {
    const url = `http://${await linkAddress()}`;
    const asks = (name: string, path: string, answer: number, at = ''): string =>
      `  - {type: probe, name: ${name}, ${at} tolerance: ${answer}, provider: {type: http, url: "${url}${path}"}}`;
    const answers = (rest: string): string =>
      `provider: {type: teralab, fault: reply-status, target: gateway->identity, ${rest}}`;
    const file = write(
      'scripted.yaml',
      [
        'title: Scripted',
        'method:',
        `  - {type: action, name: first-two, ${answers('status: 503, path: /counted, times: 2, for: 4s')}}`,
        ...[503, 503, 404, 404].map((answer, index) => asks(`counted-${index}`, '/counted', answer)),
        asks('too-early', '/timed', 404, 'at: 500ms,'),
        `  - {type: action, name: window, at: 1s, ${answers('status: 418, path: /timed, for: 3s')}}`,
        asks('in-time', '/timed', 418, 'at: 2500ms,'),
        asks('too-late', '/timed', 404, 'at: 6s,'),
      ].join('\n'),
    );
    const {document} = await learner.json<RunDocument>('chaos', 'run', file);
    expect(document).toMatchObject({status: 'completed', deviated: false, doubts: []});
  });

  it('stops everything at once, an experiment with what it was still going to do too (chaos-mesh/chaos-mesh#2423)', async () => {
    const fault = (kind: string, rest: string): string =>
      `{type: teralab, fault: ${kind}, target: gateway->stream, ${rest} for: 60s}`;
    const file = write(
      'long.yaml',
      `title: Long
method:
  - {type: action, name: now, provider: ${fault('latency', 'latency: 50ms,')}}
  - {type: action, name: later, at: 2m, provider: ${fault('refuse', '')}}
rollbacks:
  - {type: action, name: mark, provider: {type: process, path: touch, arguments: [stopped.mark]}}
`,
    );
    const running = learner.json<RunDocument>('chaos', 'run', file);
    await chaos('pause', 'stream-1', '--until-cleared');
    const api = new Toxiproxy(`http://localhost:${port}`);
    const link = await api.get(LINK);
    await link.addToxic({name: 'wall', type: 'bandwidth', stream: 'downstream', toxicity: 1, attributes: {rate: 1}});
    await until('all of it is in force', async () => (await inForce()).length === 3);
    await clear();
    const {exitCode, document} = await running;
    expect([exitCode, document.status]).toEqual([130, 'aborted']);
    expect(existsSync(join(learner.folder, 'stopped.mark'))).toBe(true);
    expect(await inForce()).toEqual([]);
    expect((await history()).filter(({kind, target}) => kind === 'refuse' && target === 'gateway->stream')).toEqual([]);
    await until('all is well', isWell);
  });

  const touching = (mark: string): string => `{type: process, path: touch, arguments: [${mark}]}`;

  it.each([
    ['an action fails', '{type: action, name: a, provider: {type: http, url: "http://127.0.0.1:1/"}}'],
    ['a probe deviates', '{type: probe, name: p, tolerance: 0, provider: {type: process, path: "false"}}'],
    [
      'the last look at the hypothesis fails',
      '{type: action, name: a, provider: {type: process, path: rm, arguments: [look]}}',
    ],
  ])('has rollbacks run when %s (chaostoolkit/chaostoolkit#195, #258)', async (_, step) => {
    writeFileSync(join(learner.folder, 'look'), '#!/bin/sh\n', {mode: 0o755});
    const mark = `${step.length}.mark`;
    const file = write(
      'rolls-back.yaml',
      `title: Rolls back
steady-state-hypothesis:
  title: it can be looked
  probes:
    - {type: probe, name: look, tolerance: 0, provider: {type: process, path: ./look}}
method:
  - {type: action, name: begin, provider: ${touching('begun')}}
  - ${step}
rollbacks:
  - {type: action, name: mark, provider: ${touching(mark)}}
`,
    );
    const {exitCode} = await learner.run('chaos', 'run', file);
    expect([exitCode, existsSync(join(learner.folder, mark))]).toEqual([1, true]);
  });

  it('learns that a rollback has broken the steady state (chaostoolkit/chaostoolkit-lib#94)', async () => {
    write('steady', '');
    const file = write(
      'breaks.yaml',
      `title: Breaks
steady-state-hypothesis:
  title: the file is there
  probes:
    - {type: probe, name: there, tolerance: 0, provider: {type: process, path: test, arguments: ['-f', steady]}}
method:
  - {type: action, name: begin, provider: ${touching('begun')}}
rollbacks:
  - {type: action, name: too-much, provider: {type: process, path: rm, arguments: [steady]}}
`,
    );
    const {exitCode, document} = await learner.json<RunDocument>('chaos', 'run', file);
    expect([exitCode, document.deviated]).toEqual([1, true]);
    expect(document.because).toContain('The hypothesis did not hold after the method');
  });

  it('finds no fault left over when what had injected it was killed (litmuschaos/litmus#2359)', async () => {
    await chaos('blackhole', 'gateway->identity', '--until-cleared');
    process.kill((await status()).controller.pid, 'SIGKILL');
    const {exitCode, document} = await learner.json<StatusReport>('up');
    expect([exitCode, document.faults]).toEqual([0, []]);
    await until('all is well', isWell);
  });
});

function dial(address: string): Socket {
  const {hostname, port} = new URL(`http://${address}`);
  return connect(Number(port), hostname);
}

/** What becomes of a connection: `connected`, when that is asked for, or else how it ends. */
async function endOf(socket: Socket, when: 'at its connect' | 'later'): Promise<string> {
  const ended = await new Promise<string>(resolve => {
    if (when === 'at its connect') socket.once('connect', () => resolve('connected'));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.once('end', () => resolve('end'));
    socket.resume();
  });
  if (ended !== 'connected') socket.destroy();
  return ended;
}
