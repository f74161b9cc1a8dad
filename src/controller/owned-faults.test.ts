import {setTimeout as pause} from 'node:timers/promises';
import {expect, it} from 'vitest';
import {request, startTestSystem} from '../faults/testing.ts';
import {injectOwned} from './owned-faults.ts';

async function untilNoneIsInForce(system: Awaited<ReturnType<typeof startTestSystem>>): Promise<void> {
  const end = Date.now() + 20_000;
  while (system.engine.list().length > 0 || (await system.fabric.toxics()).length > 0) {
    if (Date.now() > end) throw new Error('a fault is still in force');
    await pause(10);
  }
}

it('ends a fault when its owner leaves, and leaves those of others', async () => {
  await using system = await startTestSystem();
  const owner = new AbortController();
  const other = await system.engine.inject(request('latency', 'stream', {attributes: {latency: 5}}));
  const own = await injectOwned(
    system.engine,
    request('latency', 'identity', {attributes: {latency: 5}}),
    owner.signal,
  );
  expect(system.engine.list().map(({id}) => id)).toEqual([other.id, own.id]);
  owner.abort();
  await system.engine.clear(own.id);
  expect(system.engine.list().map(({id}) => id)).toEqual([other.id]);
});

it.each([0, 5, 50, 150])(
  'ends a fault whose owner leaves %i ms after asking for it, before its effect was measured',
  async afterMs => {
    await using system = await startTestSystem();
    const owner = new AbortController();
    const injected = injectOwned(system.engine, request('blackhole', 'identity'), owner.signal);
    await pause(afterMs);
    owner.abort();
    await injected.catch(() => undefined);
    await untilNoneIsInForce(system);
  },
);
