import {expect, it} from 'vitest';
import {createTrafficSplit} from './traffic-split.default.ts';
import type {SplitRule} from './traffic-split.ts';

const CLIENTS = Array.from({length: 4_000}, (_, index) => `client-${index}`);

it('gives a release its share of the clients, each always the same way, and keeps those when the share grows', () => {
  const [small, large] = [chosen(0.05), chosen(0.2)];
  expect(small.size / CLIENTS.length).toBeCloseTo(0.05, 1);
  expect(large.size / CLIENTS.length).toBeCloseTo(0.2, 1);
  expect([...small].filter(client => !large.has(client))).toEqual([]);
  expect([chosen(0).size, chosen(1).size]).toEqual([0, CLIENTS.length]);
});

it('draws other clients for another release', () => {
  const [first, second] = [chosen(0.1, 'v2'), chosen(0.1, 'v3')];
  expect([...first].filter(client => second.has(client)).length).toBeLessThan(0.5 * first.size);
});

it('gives the release that is asked for by name, and tells nobody apart where nothing is set', () => {
  const split = create({identity: {release: 'v2', share: 0}});
  expect(split.laneOf({service: 'identity', wanted: 'v2', client: 'a'})).toEqual({only: 'v2'});
  expect(split.laneOf({service: 'identity', wanted: undefined, client: 'a'})).toEqual({without: 'v2'});
  expect(split.laneOf({service: 'stream', wanted: undefined, client: 'a'})).toBeUndefined();
});

it('draws requests of nobody known one by one', () => {
  const split = create({identity: {release: 'v2', share: 0.5}});
  const lanes = CLIENTS.map(() => split.laneOf({service: 'identity', wanted: undefined, client: undefined}));
  expect(lanes.filter(lane => lane !== undefined && 'only' in lane).length / CLIENTS.length).toBeCloseTo(0.5, 1);
});

function create(rules: Readonly<Record<string, SplitRule>>) {
  return createTrafficSplit({rules: () => rules});
}

function chosen(share: number, release = 'v2'): ReadonlySet<string> {
  const split = create({identity: {release, share}});
  const isChosen = (client: string): boolean =>
    'only' in (split.laneOf({service: 'identity', wanted: undefined, client}) ?? {});
  return new Set(CLIENTS.filter(isChosen));
}
