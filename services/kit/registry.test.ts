import {expect, it} from 'vitest';
import type {Logger} from './logger.ts';
import {registerInstance} from './register-instance.ts';
import {createRegistry, instanceKey} from './registry.ts';
import {createManualClock, type ManualClock} from './testing/manual-clock.ts';
import {createMemorySpace} from './testing/memory-space.ts';

const log: Logger = {debug() {}, info() {}, warn() {}, error() {}};

it('shows an instance from its registration until it ends', async () => {
  const {space, clock, registry, register} = createSystem();
  expect(await registry.nodes('identity')).toEqual([]);
  const [one, two] = [register('identity-1'), register('identity-2')];
  await settled();
  expect(await registry.nodes('identity')).toEqual(['identity-1', 'identity-2']);
  expect(await registry.nodes('stream')).toEqual([]);
  await two.end();
  expect(await registry.nodes('identity')).toEqual(['identity-1']);
  await one.end();
  await pass(clock, 30_000);
  expect(await space.keys()).toEqual([]);
});

it('leaves out who has not renewed for his time, on its own clock', async () => {
  const {space, clock, registry, register} = createSystem();
  register('identity-1');
  await space.put(instanceKey('identity', 'identity-2'), {node: 'identity-2', ttlMs: 10_000});
  for (let second = 0; second < 9; second += 1) {
    expect(await registry.nodes('identity')).toEqual(['identity-1', 'identity-2']);
    await pass(clock, 1_000);
  }
  await pass(clock, 1_000);
  expect(await registry.nodes('identity')).toEqual(['identity-1']);
});

it('gives everybody his whole time again when the registry was away', async () => {
  const {space, clock, registry, register} = createSystem();
  register('identity-1');
  await settled();
  expect(await registry.nodes('identity')).toEqual(['identity-1']);
  space.state = 'away';
  await pass(clock, 30_000);
  await expect(registry.nodes('identity')).rejects.toThrow('away');
  space.state = 'there';
  expect(await registry.nodes('identity')).toEqual(['identity-1']);
  await pass(clock, 9_000);
  expect(await registry.nodes('identity')).toEqual(['identity-1']);
});

it('registers again when the registry was emptied, and after it was away', async () => {
  const {space, clock, registry, register} = createSystem();
  register('identity-1');
  await settled();
  await space.delete(instanceKey('identity', 'identity-1'));
  await pass(clock, 4_000);
  expect(await registry.nodes('identity')).toEqual(['identity-1']);
  space.state = 'away';
  await pass(clock, 4_000);
  space.state = 'there';
  await space.delete(instanceKey('identity', 'identity-1'));
  await pass(clock, 4_000);
  expect(await registry.nodes('identity')).toEqual(['identity-1']);
});

it('does not show whom an operator has taken out of service, and does not let him overwrite it', async () => {
  const {space, clock, registry, register} = createSystem();
  const one = register('identity-1');
  await settled();
  const key = instanceKey('identity', 'identity-1');
  await space.put(key, {node: 'identity-1', ttlMs: 10_000, out: true});
  await pass(clock, 10_000);
  expect(await registry.nodes('identity')).toEqual([]);
  await one.end();
  expect((await space.get(key))?.value).toMatchObject({out: true});
  register('identity-1');
  await pass(clock, 4_000);
  expect(await registry.nodes('identity')).toEqual([]);
  await space.delete(key);
  await pass(clock, 4_000);
  expect(await registry.nodes('identity')).toEqual(['identity-1']);
});

it('leaves out entries that are none, and those of somebody else under a name', async () => {
  const {space, registry} = createSystem();
  for (const [name, value] of [
    ['a', null],
    ['b', 'identity-1'],
    ['c', {node: 'identity-1'}],
    ['d', {node: 'identity-1', ttlMs: 10_000}],
  ] as const)
    await space.put(instanceKey('identity', name), value);
  expect(await registry.nodes('identity')).toEqual([]);
});

function createSystem() {
  const space = createMemorySpace();
  const clock = createManualClock();
  const register = (node: string) => registerInstance(space, {service: 'identity', node, clock, log});
  return {space, clock, registry: createRegistry(space, clock), register};
}

async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 500) {
    clock.advance(500);
    await settled();
  }
}

/** What was begun has come to its end, or waits for the clock. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 6; turn += 1) await new Promise(resolve => setImmediate(resolve));
}
