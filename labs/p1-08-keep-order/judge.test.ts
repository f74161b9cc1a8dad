import {expect, it} from 'vitest';
import type {Effect} from '../../src/labs/activity.ts';
import type {Evidence} from '../../src/labs/lab.ts';
import {inversions, judgeDeliveries, judgeEach, judgeOrder, judgeThroughput, throughput} from './judge.ts';
import type {Final, Setup} from './lab.ts';

/** Events of accounts `a` and `b` in order of publication: `a1` is the first of `a`. */
function seen(took: readonly string[], attempts: readonly string[] = took): Evidence<Setup, Final> {
  const source = ['a1', 'b1', 'a2', 'b2', 'a3'].map((id, index) => ({
    ...{id, partition: 0, position: index + 1, account: id[0] ?? '', workMs: 50},
  }));
  const effects = took.map(
    (message, index): Effect => ({
      ...{message, key: message, partition: 0, position: 1, deliveries: 1, node: 'stream-1'},
      ...{at: 1_000 + index * 10, withPosition: true},
    }),
  );
  const final: Final = {source, effects, attempts, positions: {0: 5}};
  return {final, times: {attackFrom: 0}} as unknown as Evidence<Setup, Final>;
}

const codeOf = (judge: typeof judgeOrder, ...what: Parameters<typeof seen>): string | null => judge(seen(...what)).code;

it('finds what took effect after a later one of its account, once, and nothing across accounts', () => {
  expect(inversions(seen(['b1', 'a1', 'a3', 'a2', 'b2']).final)).toEqual([
    {account: 'a', late: 'a2', overtakenBy: 'a3'},
  ]);
  expect(codeOf(judgeOrder, ['b1', 'a1', 'a3', 'a2', 'b2'])).toBe('INVERSIONS');
  expect(codeOf(judgeOrder, ['b1', 'b2', 'a1', 'a2', 'a3'])).toBeNull();
  // What has had its effect before is not late.
  expect(codeOf(judgeOrder, ['a1', 'a2', 'a1', 'a3', 'b1', 'b2'])).toBeNull();
  expect(judgeOrder(seen([])).verdict).toBe('inconclusive');
});

it('misses what was settled without an effect', () => {
  expect(codeOf(judgeEach, ['a1', 'b1', 'a2', 'b2', 'a3'])).toBeNull();
  expect(codeOf(judgeEach, ['a1', 'b1', 'a2', 'b2'])).toBe('EVENTS_MISSING');
  // `a3` is at 5.
  const waiting = seen(['a1', 'b1', 'a2', 'b2']);
  expect(judgeEach({...waiting, final: {...waiting.final, positions: {0: 4}}}).verdict).toBe('pass');
  expect(judgeEach({...waiting, final: {...waiting.final, positions: {}}}).verdict).toBe('inconclusive');
});

it('allows one delivery more of twenty messages', () => {
  const all = Array.from({length: 20}, (_, n) => `m${n}`);
  expect(codeOf(judgeDeliveries, [], all)).toBeNull();
  expect(codeOf(judgeDeliveries, [], [...all, 'm3'])).toBeNull();
  expect(codeOf(judgeDeliveries, [], [...all, 'm3', 'm3'])).toBe('DELIVERED_AGAIN');
  expect(judgeDeliveries(seen([])).verdict).toBe('inconclusive');
});

it('compares the pace of effects with the work that one consumer would do', () => {
  expect(throughput(seen(['a1', 'b1', 'a2', 'b2', 'a3']).final)).toEqual({perSecond: 125, one: 20});
  expect(codeOf(judgeThroughput, ['a1', 'b1', 'a2', 'b2', 'a3'])).toBeNull();
  expect(codeOf(judgeThroughput, [])).toBe('TOO_SLOW');
  const {final, ...rest} = seen(['a1', 'b1', 'a2', 'b2', 'a3']);
  const every = (ms: number) => ({
    ...rest,
    final: {...final, effects: final.effects.map((effect, index) => ({...effect, at: index * ms}))},
  });
  // Five in 125 ms, one consumer has one in 50: exactly twice as many.
  expect(judgeThroughput(every(31.25)).verdict).toBe('pass');
  expect(judgeThroughput(every(31.5)).code).toBe('TOO_SLOW');
});

it('takes the pace of a few for nothing, as long as most events wait', () => {
  expect(codeOf(judgeThroughput, ['a1', 'b1', 'a2'])).toBeNull();
  expect(judgeThroughput(seen(['a1', 'b1'])).verdict).toBe('inconclusive');
  const {final, ...rest} = seen([]);
  expect(judgeThroughput({...rest, final: {...final, source: []}}).verdict).toBe('inconclusive');
});
