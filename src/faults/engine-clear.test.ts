import {readFile} from 'node:fs/promises';
import {describe, expect, it, vi} from 'vitest';
import {request, startTestSystem} from './testing.ts';

/** A promise, and what settles it. */
function gate(): {readonly opened: Promise<void>; readonly open: () => void} {
  let open = (): void => {};
  const opened = new Promise<void>(resolve => {
    open = resolve;
  });
  return {opened, open: () => open()};
}

describe('clearing everything', () => {
  it('gives up a fault that is being prepared: it never comes into force', async () => {
    await using system = await startTestSystem();
    const {engine, fabric, nodes} = system;
    const probing = gate();
    const {probe} = fabric;
    vi.spyOn(fabric, 'probe').mockImplementation(async (...args) => {
      await probing.opened;
      return probe(...args);
    });
    const injecting = engine.inject(request('pause', 'stream-1'));
    const refused = expect(injecting).rejects.toMatchObject({
      code: 'FAULT_FAILED',
      message: expect.stringContaining('all faults were cleared meanwhile'),
    });
    expect(await engine.clearAll()).toEqual([]);
    probing.open();
    await refused;
    expect(nodes.calls).toEqual([]);
    expect(engine.history()).toEqual([]);
  });

  it('ends a fault that is on record and not applied yet: it is not applied any more', async () => {
    await using system = await startTestSystem();
    const {engine, nodes} = system;
    const injecting = engine.inject(request('pause', 'stream-1'), {measure: 'background'});
    expect(engine.history().map(({state}) => state)).toEqual(['planned']);
    const [cleared] = await engine.clearAll({measure: 'background'});
    expect(cleared).toMatchObject({state: 'ended', endedBy: 'clear'});
    expect(await injecting).toMatchObject({
      id: cleared?.id,
      state: 'ended',
      effect: {observed: 'it was ended before it was applied'},
    });
    expect(nodes.calls).toEqual([]);
    expect(engine.list()).toEqual([]);
    const last = (await readFile(system.recordFile, 'utf8')).trim().split('\n').at(-1);
    expect(JSON.parse(last ?? '')).toMatchObject({state: 'ended', endedBy: 'clear'});
  });

  it('waits for a fault that is being applied, and undoes it', async () => {
    await using system = await startTestSystem();
    const {engine, nodes} = system;
    const pausing = gate();
    const {pause} = nodes;
    vi.spyOn(nodes, 'pause').mockImplementation(async node => {
      await pausing.opened;
      return pause(node);
    });
    const injecting = engine.inject(request('pause', 'stream-1'), {measure: 'background'});
    await vi.waitUntil(() => vi.mocked(nodes.pause).mock.calls.length === 1, 5000);
    const clearing = engine.clearAll({measure: 'background'});
    pausing.open();
    expect((await clearing)[0]).toMatchObject({state: 'ended', endedBy: 'clear'});
    await injecting;
    expect(nodes.calls).toEqual(['pause stream-1', 'resume stream-1']);
    expect(engine.list()).toEqual([]);
  });

  it('ends a fault whose effect is being measured, and its injection tells so', async () => {
    await using system = await startTestSystem();
    const injecting = system.engine.inject(request('latency', 'gateway->stream', {attributes: {latency: 300}}));
    await vi.waitUntil(() => system.engine.list().length === 1, 5000);
    expect(await system.engine.clearAll({measure: 'background'})).toHaveLength(1);
    expect(await system.fabric.toxics()).toEqual([]);
    expect(await injecting).toMatchObject({state: 'ended', endedBy: 'clear'});
  });

  it('ends a series of crash points, and says how many hits there were of those planned', async () => {
    await using system = await startTestSystem();
    const {engine, nodes} = system;
    const fault = await engine.inject(
      request('crash-point', 'identity', {attributes: {point: 'before_ack', times: 100}, forMs: 60_000}),
    );
    await vi.waitUntil(async () => {
      for (const node of ['identity-1', 'identity-2']) await nodes.pass(node, 'before_ack');
      return (engine.list()[0]?.hits?.actual ?? 0) > 0;
    }, 10_000);
    const isArmed = (): boolean => nodes.calls.at(-1)?.startsWith('arm') === true;
    await vi.waitUntil(isArmed, 5000);
    const [cleared] = await engine.clearAll({measure: 'background'});
    const hits = (await engine.crashes(fault.id))?.hits ?? [];
    expect(cleared).toMatchObject({id: fault.id, hits: {planned: 100, actual: hits.length}});
    expect(hits.length).toBeGreaterThan(0);
    expect(nodes.calls.at(-1)).toMatch(/^disarm/);
  });

  it('answers as soon as all is undone, and does not wait longer than it may for the way back', async () => {
    await using system = await startTestSystem();
    const {engine, nodes} = system;
    await engine.inject(request('crash', 'broker'), {measure: 'background'});
    const starting = gate();
    const {state} = nodes;
    let isReady = false;
    void starting.opened.then(() => {
      isReady = true;
    });
    vi.spyOn(nodes, 'state').mockImplementation(node =>
      node === 'broker' && state(node) === 'ready' && !isReady ? 'starting' : state(node),
    );
    const [cleared] = await engine.clearAll({healedWithinMs: 20});
    expect(cleared?.state).toBe('ended');
    expect(cleared?.healed).toBeUndefined();
    starting.open();
    await vi.waitUntil(() => engine.history()[0]?.healed?.verdict === 'none', 10_000);
  });
});

it('refuses a second series with one point on one node: each would take the hits of the other for its own', async () => {
  await using system = await startTestSystem();
  const {engine} = system;
  const attributes = {point: 'before_ack'};
  const first = await engine.inject(request('crash-point', 'identity', {attributes}));
  await expect(engine.inject(request('crash-point', 'identity-2,stream', {attributes}))).rejects.toMatchObject({
    code: 'FAULT_FAILED',
    message: `${first.id} arms before_ack of identity-2 already.`,
  });
  await engine.inject(request('crash-point', 'stream', {attributes}));
  await engine.inject(request('crash-point', 'identity-2', {attributes: {point: 'before_commit'}}));
  await engine.clear(first.id, {measure: 'background'});
  await engine.inject(request('crash-point', 'identity-2', {attributes}));
});

it('makes the hits of several series on one node, also when one of them is cleared and the node disarmed', async () => {
  await using system = await startTestSystem();
  const {engine, nodes} = system;
  const points = ['before_commit', 'after_publish', 'before_ack'];
  const faults = await Promise.all(
    points.map(async point => engine.inject(request('crash-point', 'identity-1', {attributes: {point}}))),
  );
  await vi.waitUntil(() => points.every(point => nodes.calls.includes(`arm identity-1 ${point} 0`)), 10_000);
  await engine.clear(faults[2]?.id ?? '', {measure: 'background'});
  const hits = async (index: number): Promise<number> => {
    const done = engine.crashes(faults[index]?.id ?? '');
    return (await done)?.hits.length ?? 0;
  };
  for (const point of points.slice(0, 2))
    await vi.waitUntil(async () => nodes.pass('identity-1', point), {timeout: 10_000, interval: 5});
  expect(await Promise.all([0, 1, 2].map(hits))).toEqual([1, 1, 0]);
});

it('has the total of what was doubled in the record at the end, and not what had been when it was first seen', async () => {
  await using system = await startTestSystem();
  const {engine, nodes} = system;
  const doubled = (affected: number) => ({kind: 'redeliver', inForce: true, deliveries: 100, affected}) as const;
  nodes.seem('stream-1', doubled(1));
  const fault = await engine.inject(request('redeliver', 'stream'));
  expect(fault.effect).toEqual({verdict: 'bites', observed: 'stream-1: 1 of 100 deliveries doubled'});
  nodes.seem('stream-1', doubled(21));
  const cleared = await engine.clear(fault.id, {measure: 'background'});
  expect(cleared.effect?.observed).toBe('stream-1: 21 of 100 deliveries doubled');
});

it('sees what comes late while it is in force', async () => {
  await using system = await startTestSystem();
  const {engine, nodes} = system;
  const moved = (affected: number) => ({kind: 'reorder', inForce: true, deliveries: 40, affected}) as const;
  nodes.seem('stream-1', moved(0));
  const fault = await engine.inject(request('reorder', 'stream'));
  expect(fault.effect?.verdict).toBe('pending');
  nodes.seem('stream-1', moved(5));
  await vi.waitUntil(() => engine.list()[0]?.effect?.verdict === 'bites', 10_000);
});
