import {describe, expect, it, vi} from 'vitest';
import {defaultTopology} from '../topology/default.ts';
import {planTopology} from '../topology/plan-topology.ts';
import {createDisturbances, disturbanceOf} from './disturbances.ts';
import {createRecordingNodes} from './testing.ts';

const throttle = (cpu: number) => ({kind: 'throttle', cpu}) as const;
const skew = {kind: 'skew', offsetMs: 5000, drift: 0} as const;

function make() {
  const nodes = createRecordingNodes(planTopology(defaultTopology(), {replicas: {}}));
  return {nodes, disturbances: createDisturbances(nodes)};
}

describe('disturbances of a node', () => {
  it('follow the latest of a kind, and leave the node as it was when the last of them ends', async () => {
    const {nodes, disturbances} = make();
    await disturbances.add('broker', 'f-a', throttle(0.5));
    await disturbances.add('broker', 'f-b', throttle(0.1));
    expect(disturbances.of('broker', 'throttle')).toEqual(['f-a', 'f-b']);
    await disturbances.remove('broker', 'f-b', 'throttle');
    await disturbances.remove('broker', 'f-a', 'throttle');
    expect(nodes.calls).toEqual([
      'disturb broker throttle 0.5',
      'disturb broker throttle 0.1',
      'disturb broker throttle 0.5',
      'calm broker throttle',
    ]);
  });

  it('change nothing when one ends that another has taken the place of', async () => {
    const {nodes, disturbances} = make();
    await disturbances.add('broker', 'f-a', throttle(0.5));
    await disturbances.add('broker', 'f-b', throttle(0.1));
    nodes.calls.length = 0;
    await disturbances.remove('broker', 'f-a', 'throttle');
    expect(nodes.calls).toEqual([]);
  });

  it('of several kinds are kept apart', async () => {
    const {nodes, disturbances} = make();
    await disturbances.add('identity-1', 'f-a', throttle(0.5));
    await disturbances.add('identity-1', 'f-b', skew);
    await disturbances.remove('identity-1', 'f-a', 'throttle');
    expect(nodes.calls.slice(1)).toEqual(['disturb identity-1 skew 5000 0', 'calm identity-1 throttle']);
  });

  it('come again to a node that was started anew', async () => {
    const {nodes, disturbances} = make();
    await disturbances.add('identity-1', 'f-a', throttle(0.5));
    await nodes.kill('identity-1');
    await nodes.start('identity-1');
    await vi.waitUntil(() => nodes.calls.length === 4, 5000);
    expect(nodes.calls.at(-1)).toBe('disturb identity-1 throttle 0.5');
    await disturbances.remove('identity-1', 'f-a', 'throttle');
    expect(nodes.calls.at(-1)).toBe('calm identity-1 throttle');
  });

  it('wait for a node that is down, and for the clock of one that is frozen', async () => {
    const {nodes, disturbances} = make();
    await nodes.kill('identity-1');
    await disturbances.add('identity-1', 'f-a', throttle(0.5));
    await nodes.pause('stream-1');
    await disturbances.add('stream-1', 'f-b', skew);
    expect(nodes.calls).toEqual(['kill identity-1', 'pause stream-1']);
    await nodes.start('identity-1');
    await nodes.resume('stream-1');
    await vi.waitUntil(() => nodes.calls.length === 6, 5000);
    expect(nodes.calls).toContain('disturb identity-1 throttle 0.5');
    expect(nodes.calls).toContain('disturb stream-1 skew 5000 0');
  });

  it('are forgotten where they could not be put in force', async () => {
    const {nodes, disturbances} = make();
    vi.spyOn(nodes, 'disturb').mockRejectedValueOnce(new Error('the engine says no'));
    await expect(disturbances.add('broker', 'f-a', throttle(0.5))).rejects.toThrow('the engine says no');
    expect(disturbances.of('broker', 'throttle')).toEqual([]);
  });

  it('are those of the kinds that leave a node running', () => {
    const life = {seed: 3, endsAt: 9_000};
    expect(disturbanceOf({kind: 'memory', attributes: {limit: 96_000_000}, ...life})).toEqual({
      kind: 'memory',
      limitBytes: 96_000_000,
    });
    expect(disturbanceOf({kind: 'ip-partition', attributes: {mode: 'reject', direction: 'in'}, ...life})).toEqual({
      kind: 'ip-partition',
      mode: 'reject',
      direction: 'in',
    });
    expect(disturbanceOf({kind: 'reorder', attributes: {window: 8}, ...life})).toEqual({
      kind: 'reorder',
      window: 8,
      ...life,
    });
    expect(disturbanceOf({kind: 'pause', attributes: {}, ...life})).toBeUndefined();
  });
});
