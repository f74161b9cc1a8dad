import {expect, it} from 'vitest';
import type {Logger} from '../../kit/logger.ts';
import {createRegistry, instanceKey} from '../../kit/registry.ts';
import {createManualClock} from '../../kit/testing/manual-clock.ts';
import {createMemorySpace} from '../../kit/testing/memory-space.ts';
import {createBalancer} from './balancer.default.ts';
import {createDefaultDiscovery} from './discovery.default.ts';
import type {DiscoveryRequest} from './discovery.ts';

const log: Logger = {debug() {}, info() {}, warn() {}, error() {}};
const GET: DiscoveryRequest = {method: 'GET', path: '/', safeToRepeat: true, deadline: 0};
const POST: DiscoveryRequest = {...GET, method: 'POST', safeToRepeat: false};

it('asks those to which there are links, in turn, until the registry names some of them', async () => {
  await using system = createSystem();
  expect(await system.answerers(4)).toEqual(['a', 'b', 'c', 'd']);
  await system.register('b', 'd', 'not linked');
  await system.pass(1_000);
  expect(new Set(await system.answerers(4))).toEqual(new Set(['b', 'd']));
});

it.each(['away', 'silent', 'empty'] as const)(
  'goes on with what it knew last while the registry is %s',
  async state => {
    await using system = createSystem();
    await system.register('b', 'd');
    await system.pass(1_000);
    if (state === 'empty') for (const node of ['b', 'd']) await system.space.delete(instanceKey('identity', node));
    else system.space.state = state;
    await system.pass(20_000);
    expect(new Set(await system.answerers(4))).toEqual(new Set(['b', 'd']));
  },
);

it('asks another node where nothing could be sent, also for a POST, and that one no more', async () => {
  await using system = createSystem();
  system.failing.set('b', 'unsent');
  expect(await system.answerers(12, POST)).not.toContain('b');
  expect(system.asked.filter(node => node === 'b')).toHaveLength(1);
});

it('sends nothing again of which a byte has left, and keeps away from who fails three times', async () => {
  await using system = createSystem();
  system.failing.set('b', 'sent');
  const answers = await system.answerers(40, POST);
  expect(answers.filter(node => node === undefined)).toHaveLength(3);
  expect(system.asked).toHaveLength(40);
});

it('uses a node again that is well again, found out by a request that may be repeated', async () => {
  await using system = createSystem();
  system.failing.set('b', 'unsent');
  await system.answerers(4);
  system.failing.delete('b');
  await system.pass(1_000);
  expect(await system.answerers(8, POST)).not.toContain('b');
  await system.answerers(4, GET);
  expect(await system.answerers(4, POST)).toContain('b');
});

it('asks only those of a lane, and all where it has none', async () => {
  await using system = createSystem();
  await system.register('a', 'c');
  await system.registerRelease('b', 'v2');
  await system.pass(1_000);
  expect(new Set(await system.answerers(6, {...GET, lane: {only: 'v2'}}))).toEqual(new Set(['b']));
  expect(new Set(await system.answerers(6, {...GET, lane: {without: 'v2'}}))).toEqual(new Set(['a', 'c']));
  expect(new Set(await system.answerers(6, {...GET, lane: {only: 'v3'}}))).toEqual(new Set(['a', 'b', 'c']));
});

it('says so when there is nobody to ask', async () => {
  await using system = createSystem([]);
  await expect(system.discovery.request('identity', GET, async () => ({status: 200}))).rejects.toThrow('LINKS names');
});

function createSystem(linked: readonly string[] = ['a', 'b', 'c', 'd']) {
  const space = createMemorySpace();
  const clock = createManualClock();
  const discovery = createDefaultDiscovery(
    ['identity'],
    () => linked,
  )({
    registry: createRegistry(space, clock),
    balancer: createBalancer(),
    clock,
    log,
  });
  const failing = new Map<string, 'unsent' | 'sent'>();
  const asked: string[] = [];
  discovery.start?.();

  const send = async (node: string) => {
    asked.push(node);
    const failure = failing.get(node);
    if (failure !== undefined) throw Object.assign(new Error('no answer'), {unsent: failure === 'unsent'});
    return {status: 200, node};
  };
  return {
    space,
    discovery,
    failing,
    asked,
    async registerRelease(node: string, release: string) {
      await space.put(instanceKey('identity', node), {node, ttlMs: 1_000_000, release});
    },
    async register(...nodes: string[]) {
      for (const node of nodes) await space.put(instanceKey('identity', node), {node, ttlMs: 1_000_000});
    },
    async pass(ms: number) {
      for (let passed = 0; passed < ms; passed += 500) {
        clock.advance(500);
        for (let turn = 0; turn < 4; turn += 1) await new Promise(resolve => setImmediate(resolve));
      }
    },
    /** Who answered each request; undefined: nobody. */
    async answerers(count: number, request: DiscoveryRequest = GET) {
      const nodes: (string | undefined)[] = [];
      for (let sent = 0; sent < count; sent += 1)
        nodes.push((await discovery.request('identity', request, send).catch(() => undefined))?.node);
      return nodes;
    },
    async [Symbol.asyncDispose]() {
      await discovery.stop?.();
    },
  };
}
