import {describe, expect, it, vi} from 'vitest';
import {defaultTopology} from '../topology/default.ts';
import {planTopology} from '../topology/plan-topology.ts';
import {type CrashSeriesPlan, startCrashSeries} from './crash-series.ts';
import {createRecordingNodes, type RecordingNodes} from './testing.ts';

const POINTS = ['before_commit', 'after_publish'];
const NODES = ['identity-1', 'identity-2'];

describe('a series of crash points', () => {
  it('makes exactly the planned hits, one armed at a time, the same for the same seed', async () => {
    const first = await runToEnd(5);
    expect(first.result.hits).toHaveLength(4);
    expect(first.result).toMatchObject({planned: 4, armed: null});
    expect(first.calls).toHaveLength(4);
    expect((await runToEnd(5)).calls).toEqual(first.calls);
    expect((await runToEnd(6)).calls).not.toEqual(first.calls);
  });

  it('waits before the first, and until a node has been ready for long enough', async () => {
    const {nodes, start} = setUp();
    const startedAt = Date.now();
    const series = start({fromMs: 60, sinceReadyMs: 120});
    await vi.waitUntil(() => series.result().armed !== null, 5000);
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(119);
    expect(nodes.calls).toHaveLength(1);
    await series.stop();
  });

  it('arms anew when something else ends the armed node', async () => {
    const {nodes, start} = setUp();
    const series = start({times: 1, points: ['before_ack'], nodes: () => ['identity-1']});
    await vi.waitUntil(() => series.result().armed !== null, 5000);
    await nodes.restart('identity-1', 0);
    await vi.waitUntil(() => nodes.pass('identity-1', 'before_ack'), 5000);
    expect((await series.done).hits).toHaveLength(1);
    expect(nodes.calls.filter(call => call.startsWith('arm'))).toHaveLength(2);
  });

  it('counts no hit of a node that lives on, whatever it says', async () => {
    const {nodes, start} = setUp();
    const series = start({times: 1});
    const {node} = await vi.waitUntil(() => series.result().armed, 5000);
    for (const _ of [1, 2, 3]) nodes.claim(node);
    expect(series.result()).toMatchObject({hits: [], armed: {node}});
    expect((await series.stop()).hits).toEqual([]);
  });

  it('arms nothing while a node is down', async () => {
    const {nodes, start} = setUp();
    await nodes.kill('identity-2');
    const series = start({});
    await new Promise(resolve => setTimeout(resolve, 60));
    expect(series.result().armed).toBeNull();
    await nodes.start('identity-2');
    await vi.waitUntil(() => series.result().armed !== null, 5000);
    await series.stop();
  });

  it('counts a hit that was faster than being disarmed', async () => {
    const {nodes, start} = setUp();
    const series = start({points: ['before_commit'], skipMax: 0});
    const armed = await vi.waitUntil(() => series.result().armed, 5000);
    vi.spyOn(nodes, 'disarm').mockImplementation(async node => {
      await nodes.pass(node, 'before_commit');
    });
    const {planned, hits} = await series.stop();
    expect({planned, hits: hits.map(({node}) => node)}).toEqual({planned: 4, hits: [armed.node]});
  });

  it('disarms what was not reached when it is stopped, and reports it', async () => {
    const {nodes, start} = setUp();
    const series = start({});
    const {node} = await vi.waitUntil(() => series.result().armed, 5000);
    const result = await series.stop();
    expect(result).toMatchObject({planned: 4, hits: [], armed: {node}});
    expect(nodes.calls.at(-1)).toBe(`disarm ${node}`);
  });
});

async function runToEnd(seed: number) {
  const {nodes, start} = setUp();
  const series = start({seed, skipMax: 3});
  let result: Awaited<typeof series.done> | undefined;
  void series.done.then(ended => {
    result = ended;
  });
  const ended = await vi.waitUntil(
    async () => {
      for (const node of NODES) for (const point of POINTS) await nodes.pass(node, point);
      return result;
    },
    {timeout: 10_000, interval: 2},
  );
  return {result: ended, calls: nodes.calls};
}

function setUp() {
  const nodes: RecordingNodes = createRecordingNodes(planTopology(defaultTopology(), {replicas: {identity: 2}}));
  const plan: CrashSeriesPlan = {
    nodes: () => NODES,
    points: POINTS,
    times: 4,
    fromMs: 0,
    sinceReadyMs: 0,
    skipMax: 0,
    seed: 1,
  };
  return {
    nodes,
    start: (changes: Partial<CrashSeriesPlan>) => startCrashSeries({...plan, ...changes}, {nodes, now: Date.now}),
  };
}
