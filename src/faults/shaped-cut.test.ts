import {describe, expect, it, vi} from 'vitest';
import {defaultTopology} from '../topology/default.ts';
import {planTopology} from '../topology/plan-topology.ts';
import {resolveRequest} from './entry.ts';
import {request, startTestSystem} from './testing.ts';

const plan = planTopology(defaultTopology(), {replicas: {gateway: 2, identity: 2}});
const resolve = (kind: string, target: string, seed: number, attributes = {}) =>
  resolveRequest(request(kind, target, {attributes, seed}), plan);

describe.each(['bridge', 'majorities-ring'])('%s', kind => {
  it('cuts declared links between the named nodes only, the same for the same seed, whatever the order of the words', () => {
    for (let seed = 0; seed < 30; seed++) {
      const {target, parts} = resolve(kind, 'gateway,identity,stream', seed);
      expect(target.proxies.length).toBeGreaterThan(0);
      for (const {from, to} of target.proxies)
        expect(`${from} ${to}`).toMatch(/^(gateway|identity|stream)-\d (identity|stream)-\d$/);
      expect(parts).toEqual([
        {kind: 'blackhole', proxies: target.proxies.map(({name}) => name), stream: 'both', attributes: {}},
      ]);
      expect(resolve(kind, 'stream,identity,gateway', seed).target.shape).toBe(target.shape);
    }
  });

  it('cuts something with every seed, where any two of the nodes are linked', () => {
    for (let seed = 0; seed < 50; seed++)
      expect(resolve(kind, 'gateway-1,identity-1,identity-2', seed).target.proxies.length).toBeGreaterThan(0);
  });

  it.each(['reset', 'refuse'])('takes the mode %s', mode => {
    const [part] = resolve(kind, 'random', 1, {mode}).parts;
    expect(part?.kind).toBe(mode === 'reset' ? 'reset_peer' : 'refuse');
  });

  it.each([
    ['gateway-1,identity-1', 'NOT_POSSIBLE_HERE', 'needs 3 nodes or more, and only gateway-1, identity-1 are named'],
    ['stream', 'NOT_POSSIBLE_HERE', 'only stream-1 is named'],
    ['identity-db,stream-db,broker', 'NOT_POSSIBLE_HERE', 'No link leads from one of'],
    ['gateway|identity', 'UNKNOWN_TARGET', 'is no target of'],
    ['gateway->identity', 'UNKNOWN_TARGET', 'is a link'],
    ['gateway,identty,stream', 'UNKNOWN_TARGET', 'Did you mean "identity"?'],
  ])('of %s is refused with %s', (target, code, text) => {
    expect(() => resolve(kind, target, 7)).toThrow(
      expect.objectContaining({code, message: expect.stringContaining(text)}),
    );
  });

  it('lists in a dry run who is on which side and which links would go, cuts them in one step, and heals them', async () => {
    await using system = await startTestSystem();
    const asked = request(kind, 'gateway,identity,stream');
    const dry = await system.engine.dryRun(asked);
    expect(dry.effect?.observed).toMatch(
      new RegExp(`^${kind === 'bridge' ? '.* \\| .*, bridged by' : 'a ring: '}.*would touch`),
    );
    for (const proxy of dry.proxies) expect(dry.effect?.observed).toContain(proxy);
    const change = vi.spyOn(system.fabric, 'change');
    const fault = await system.engine.inject(asked);
    expect(change).toHaveBeenCalledTimes(1);
    expect(fault).toMatchObject({proxies: dry.proxies, shape: dry.shape, effect: {verdict: 'bites'}});
    const counters = await system.fabric.counters();
    expect(counters.filter(({toxics}) => toxics.length > 0).map(({name}) => name)).toEqual(dry.proxies);
    expect((await system.engine.clear(fault.id)).healed?.verdict).toBe('none');
  });
});
