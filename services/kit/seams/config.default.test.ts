import {afterEach, expect, it} from 'vitest';
import type {Logger} from '../logger.ts';
import {proposeSettings, readDocument, settingsKey} from '../settings/document.ts';
import {createManualClock} from '../testing/manual-clock.ts';
import {createMemorySpace} from '../testing/memory-space.ts';
import {createConfig} from './config.default.ts';
import type {Config, Keep} from './config.ts';

const log: Logger = {debug() {}, info() {}, warn() {}, error() {}};

interface Settings {
  readonly timeoutMs: number;
}

const DEFAULTS: Settings = {timeoutMs: 1_000};
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

it('brings valid settings to one instance first, and to all when it did well', async () => {
  const system = createSystem();
  const nodes = await system.start('a', 'b', 'c');
  await proposeSettings(system.space, 'gateway', {timeoutMs: 500});
  await system.pass(2_000);
  expect(timeouts(nodes).toSorted()).toEqual([1_000, 1_000, 500]);
  await system.pass(8_000);
  expect(timeouts(nodes)).toEqual([500, 500, 500]);
  expect(await system.document()).toEqual({version: 1, settings: {timeoutMs: 500}});
});

it.each([
  ['text', 'timeoutMs: 500'],
  ['null', null],
  ['another type', {timeoutMs: '500'}],
  ['out of bounds', {timeoutMs: -1}],
])('refuses what cannot be used, with the reason, and nobody goes by it: %s', async (_name, raw) => {
  const system = createSystem();
  const nodes = await system.start('a', 'b');
  await proposeSettings(system.space, 'gateway', raw);
  await system.pass(12_000);
  expect(timeouts(nodes)).toEqual([1_000, 1_000]);
  expect(await system.document()).toMatchObject({
    version: 0,
    refused: {version: 1, reason: 'timeoutMs must be from 1 to 60000'},
  });
  await proposeSettings(system.space, 'gateway', {timeoutMs: 700});
  await system.pass(12_000);
  expect(timeouts(nodes)).toEqual([700, 700]);
});

it('takes valid settings back that make answers fail, and they never reach a second instance', async () => {
  const system = createSystem();
  const nodes = await system.start('a', 'b', 'c');
  const had = new Set<string>();
  await proposeSettings(system.space, 'gateway', {timeoutMs: 1});
  for (let second = 0; second < 10; second += 1) {
    await system.pass(1_000);
    for (const [index, {config, counts}] of nodes.entries()) {
      const isBad = config.current().timeoutMs === 1;
      if (isBad) had.add(String(index));
      counts.answered += 20;
      counts.failed += isBad ? 15 : 0;
    }
  }
  expect(had.size).toBe(1);
  expect(timeouts(nodes)).toEqual([1_000, 1_000, 1_000]);
  expect(await system.document()).toMatchObject({
    refused: {version: 1, reason: expect.stringMatching(/answers failed/)},
  });
});

it('refuses a candidate whose instance ended while it tried it, by that instance and by others', async () => {
  const system = createSystem();
  const [one] = await system.start('a');
  await proposeSettings(system.space, 'gateway', {timeoutMs: 500});
  await system.pass(2_000);
  expect(one?.config.current().timeoutMs).toBe(500);
  await one?.config.stop?.();
  const [again] = await system.start('a');
  await system.pass(2_000);
  expect([again?.config.current(), await system.document()]).toMatchObject([
    DEFAULTS,
    {refused: {version: 1, reason: 'a ended while it tried it'}},
  ]);
  await proposeSettings(system.space, 'gateway', {timeoutMs: 600});
  await system.pass(2_000);
  await again?.config.stop?.();
  await system.start('b');
  await system.pass(25_000);
  expect(await system.document()).toMatchObject({
    refused: {version: 2, reason: expect.stringMatching(/heard of no more/)},
  });
});

it('goes on with what is in force while the store is away, holds nonsense or is emptied', async () => {
  const system = createSystem();
  const nodes = await system.start('a', 'b');
  await proposeSettings(system.space, 'gateway', {timeoutMs: 500});
  await system.pass(12_000);
  system.space.state = 'away';
  await system.pass(5_000);
  expect(timeouts(nodes)).toEqual([500, 500]);
  system.space.state = 'there';
  await system.space.put(settingsKey('gateway'), ['nonsense']);
  await system.pass(5_000);
  expect(timeouts(nodes)).toEqual([500, 500]);
  await system.space.put(settingsKey('gateway'), {version: 9, settings: {timeoutMs: -5}});
  await system.pass(5_000);
  expect(timeouts(nodes)).toEqual([500, 500]);
});

it.each(['away', 'silent'] as const)(
  'starts with what was kept when the store is %s, else with the defaults',
  async state => {
    const system = createSystem();
    system.space.state = state;
    const [fresh, kept, spoilt] = [
      await system.startOne('a'),
      await system.startOne('b', {timeoutMs: 400}),
      await system.startOne('c', 'nonsense'),
    ];
    expect(timeouts([fresh, kept, spoilt])).toEqual([1_000, 400, 1_000]);
  },
);

it('gives each proposal a version of its own, also to those who propose at the same time', async () => {
  const {space} = createSystem();
  const versions = await Promise.all([1, 2, 3].map(timeoutMs => proposeSettings(space, 'gateway', {timeoutMs})));
  expect(versions.toSorted()).toEqual([1, 2, 3]);
});

function createSystem() {
  const space = createMemorySpace();
  const clock = createManualClock();

  async function startOne(node: string, stored?: unknown) {
    const counts = {answered: 0, failed: 0};
    let raw = stored;
    const keep: Keep = {
      read: async () => raw,
      write: async next => {
        raw = next;
      },
    };
    const tools = {
      store: space,
      service: 'gateway',
      node,
      defaults: DEFAULTS,
      parse,
      answers: () => ({...counts}),
      keep,
      clock,
      log,
    };
    const config: Config<Settings> = createConfig(tools);
    const started = config.start?.();
    stops.push(() => void config.stop?.());
    for (let turn = 0; turn < 100; turn += 1) await pass(10);
    await started;
    return {config, counts, kept: () => raw};
  }

  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 250) {
      clock.advance(Math.min(ms, 250));
      for (let turn = 0; turn < 6; turn += 1) await new Promise(resolve => setImmediate(resolve));
    }
  }

  return {
    space,
    startOne,
    pass,
    start: (...nodes: string[]) => Promise.all(nodes.map(node => startOne(node))),
    document: async () => readDocument((await space.get(settingsKey('gateway')))?.value),
  };
}

function parse(raw: unknown): Settings {
  const {timeoutMs} = (raw ?? {}) as Partial<Settings>;
  if (typeof timeoutMs !== 'number' || !(timeoutMs >= 1 && timeoutMs <= 60_000))
    throw new RangeError('timeoutMs must be from 1 to 60000');
  return {timeoutMs};
}

function timeouts(nodes: readonly {readonly config: Config<Settings>}[]): number[] {
  return nodes.map(({config}) => config.current().timeoutMs);
}
