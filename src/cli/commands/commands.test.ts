import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it, vi} from 'vitest';
import type {StatusReport} from '../../controller/protocol.ts';
import {LabError} from '../../errors.ts';
import type {FaultRecord} from '../../faults/fault.ts';
import {fakeRun} from '../testing.ts';
import {run as chaos} from './chaos.ts';
import {asDocumented} from './check.ts';
import {run as down} from './down.ts';
import {run as load} from './load.ts';
import {run as status} from './status.ts';
import {run as up} from './up.ts';

const report: StatusReport = {
  session: 'abc',
  workspace: '/w',
  runtime: 'process',
  controller: {pid: 1},
  agent: {thread: 't'},
  nodes: [],
  links: [],
  faults: [],
  check: null,
  urls: {gateway: []},
  connect: [],
};
const record: FaultRecord = {
  id: 'f-1',
  kind: 'latency',
  target: 'gateway->identity',
  attributes: {latency: 200},
  seed: 1,
  reason: 'chaos',
  proxies: ['gateway-1->identity-1'],
  nodes: [],
  undo: 'remove-toxic',
  state: 'active',
  plannedAt: 1,
  endsAt: 2,
};

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof LabError ? error.code : `${String(error)}`;
}

describe('status', () => {
  it('prints the document of the controller and nothing else', async () => {
    const {context, stdout, stderr} = fakeRun({json: true, answers: {status: () => report}});
    expect(await status(context)).toBe('ok');
    expect(JSON.parse(stdout())).toEqual(report);
    expect(stderr()).toBe('');
  });

  it('is NOT_RUNNING without a system', async () => {
    expect(await codeOf(status(fakeRun().context))).toBe('NOT_RUNNING');
  });
});

describe('up', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'teralab-cli-'));
  });
  afterAll(async () => rm(folder, {recursive: true}));

  it('passes on what was asked for and nothing else', async () => {
    const {context, calls} = fakeRun({json: true, answers: {up: () => report}});
    await up(context, {replicas: {identity: 3}, port: 4100});
    expect(calls).toEqual([{method: 'up', params: {replicas: {identity: 3}, port: 4100}}]);
  });

  it('names the engine of its own environment: a controller that is there has another', async () => {
    const {context, calls} = fakeRun({json: true, answers: {up: () => report}});
    vi.stubEnv('DOCKER_HOST', 'tcp://engine.test:2375');
    await up(context, {runtime: 'docker'}).finally(() => vi.unstubAllEnvs());
    expect(calls[0]?.params).toMatchObject({
      runtime: 'docker',
      engine: {host: 'tcp://engine.test:2375', source: 'DOCKER_HOST'},
    });
  });

  it('reads a topology from YAML, and refuses what is none', async () => {
    const [good, bad] = [join(folder, 'good.yaml'), join(folder, 'bad.yaml')];
    await writeFile(good, 'services: {gateway: {kind: service}}\n');
    await writeFile(bad, 'services: {gateway: [\n');
    const {context, calls} = fakeRun({json: true, answers: {up: () => report}});
    await up(context, {topology: good});
    expect(calls[0]?.params).toEqual({topology: {services: {gateway: {kind: 'service'}}}});
    expect(await codeOf(up(context, {topology: bad}))).toBe('BAD_TOPOLOGY');
    expect(await codeOf(up(context, {topology: join(folder, 'missing.yaml')}))).toBe('BAD_TOPOLOGY');
  });
});

describe('down', () => {
  it('is safe to repeat', async () => {
    const {context, stdout} = fakeRun();
    expect(await down(context, {})).toBe('ok');
    expect(stdout()).toBe('Nothing was running.\n');
  });

  it('stops every system of the user with --all', async () => {
    const {context, stdout} = fakeRun({json: true, answers: {down: () => ({stopped: 6})}});
    await down(context, {all: true});
    expect(JSON.parse(stdout())).toEqual({stopped: 6, systems: [{workspace: '/nowhere/teralab', stopped: 6}]});
  });
});

describe('chaos', () => {
  it('injects with an end of 30 s unless told otherwise, and prints the documented shape', async () => {
    const {context, stdout, calls} = fakeRun({json: true, answers: {'chaos.inject': () => record}});
    await chaos(context, ['latency', 'gateway->identity', '--latency', '200ms', '--toxicity', '20%', '--seed', '1']);
    expect(calls[0]?.params).toEqual({
      dryRun: false,
      request: {
        kind: 'latency',
        target: 'gateway->identity',
        attributes: {latency: '200ms', toxicity: 0.2},
        forMs: 30_000,
        seed: 1,
        reason: 'chaos',
      },
    });
    expect(Object.keys(JSON.parse(stdout()) as object)).toEqual([
      'id',
      'kind',
      'target',
      'attributes',
      'endsAt',
      'effect',
    ]);
  });

  it('has no end with --until-cleared', async () => {
    const {context, calls} = fakeRun({answers: {'chaos.inject': () => ({...record, endsAt: null})}});
    await chaos(context, ['pause', 'stream-1', '--until-cleared']);
    expect(calls[0]?.params).toMatchObject({request: {forMs: undefined}});
  });

  it.each([
    [['latency', 'gateway->identity'], 'BAD_VALUE'],
    [['latency', 'gateway->identity', '--latency', 'slow'], 'BAD_VALUE'],
    [['latency', 'x', '--latency', '1s', '--toxicity', '2'], 'BAD_VALUE'],
    [['latency', 'x', '--latency', '1s', '--for', '30'], 'BAD_VALUE'],
    [['pause', 'x', '--for', '3s', '--until-cleared'], 'USAGE'],
    [['crash-point', 'identity', '--point', 'before_lunch'], 'BAD_VALUE'],
    [['latncy', 'x'], 'UNKNOWN_FAULT'],
    [[], 'USAGE'],
    [['clear', 'f-1', '--all'], 'USAGE'],
  ])('refuses %j before it asks the controller', async (words, code) => {
    const {context, calls} = fakeRun({answers: {'chaos.inject': () => record}});
    expect(await codeOf(chaos(context, words))).toBe(code);
    expect(calls).toEqual([]);
  });

  it('names the nearest flag', async () => {
    const {context} = fakeRun({answers: {'chaos.inject': () => record}});
    await expect(chaos(context, ['latency', 'x', '--latncy', '1s'])).rejects.toThrow(/--latency/);
  });

  it('prints help on one kind with its attributes and an example', async () => {
    const {context, stdout} = fakeRun();
    expect(await chaos(context, ['drop-reply', '--help'])).toBe('ok');
    expect(stdout()).toContain('--probability <share>');
    expect(stdout()).toContain('$ teralab chaos drop-reply');
  });

  it('clears all faults without an id', async () => {
    const {context, stdout, calls} = fakeRun({answers: {'chaos.clear': () => [{...record, state: 'ended'}]}});
    await chaos(context, ['clear']);
    expect(calls).toEqual([{method: 'chaos.clear', params: {}}]);
    expect(stdout()).toContain('Healed 1 fault: latency on gateway->identity (f-1).');
  });
});

describe('load', () => {
  it('prints the summary of the controller, and its progress on stderr only', async () => {
    const latency = {p50: 1, p90: 2, p99: 3, p999: 4, max: 5};
    const summary = {
      rate: 20,
      durationMs: 1000,
      sent: 20,
      ok: 20,
      failed: 0,
      dropped: 0,
      latencyMs: latency,
      uncorrectedMs: latency,
    };
    const {context, stdout, stderr, calls} = fakeRun({
      json: true,
      answers: {up: () => report, load: () => summary},
    });
    await load(context, {rate: 20, duration: 1000});
    expect(calls.at(-1)).toEqual({method: 'load', params: {ratePerSecond: 20, durationMs: 1000, profile: 'mixed'}});
    expect(JSON.parse(stdout())).toEqual(summary);
    expect(stderr()).toContain('20/s for 1s');
  });
});

describe('check --json', () => {
  it('has exactly the documented keys, in their order', () => {
    const task = {
      evidence: [],
      expected: 'e',
      observed: 'o',
      code: null,
      verdict: 'pass',
      title: 't',
      id: 'i',
      more: 1,
    } as const;
    const document = asDocumented({
      durationMs: 1.5,
      tasks: [task],
      runtime: 'process',
      seed: 7,
      verdict: 'pass',
      lab: 'l',
    });
    expect(Object.keys(document)).toEqual(['lab', 'verdict', 'seed', 'runtime', 'tasks', 'durationMs']);
    expect(Object.keys(document.tasks[0] ?? {})).toEqual([
      'id',
      'title',
      'verdict',
      'code',
      'observed',
      'expected',
      'evidence',
    ]);
  });
});
