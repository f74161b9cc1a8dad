import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {attemptsPerInterval, mostWithin, repetitions} from './attempts.ts';
import {requestEntry} from './checkers.fixture.ts';

describe('attempts', () => {
  const requests = [0, 10, 120, 130, 140, 450].map(at => requestEntry(at));

  it('are counted per interval, empty ones included', () => {
    const intervals = attemptsPerInterval(requests, {from: 0, to: 450, everyMs: 100, link: 'gateway->identity'});
    expect(intervals.map(({requests: count}) => count)).toEqual([2, 3, 0, 0, 0]);
    expect(intervals.at(-1)).toEqual({from: 400, to: 450, requests: 0});
  });

  it('lose and invent none over the intervals', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({min: 0, max: 999})), fc.integer({min: 1, max: 500}), (times, everyMs) => {
        const all = times.map(at => requestEntry(at));
        const intervals = attemptsPerInterval(all, {from: 0, to: 1_000, everyMs});
        expect(intervals.reduce((sum, {requests: count}) => sum + count, 0)).toBe(times.length);
      }),
    );
  });

  it('are most in the busiest stretch, wherever it begins', () => {
    expect(mostWithin(requests, 100)).toBe(3);
    expect(mostWithin(requests, 141)).toBe(5);
    expect(mostWithin(requests, 100, {link: 'gateway->stream'})).toBe(0);
  });

  it('are repetitions when they carry one key', () => {
    const keyed = [requestEntry(0, {idempotencyKey: 'a'}), requestEntry(1), requestEntry(2, {idempotencyKey: 'a'})];
    expect([...repetitions(keyed)].map(([key, group]) => [key, group.length])).toEqual([['a', 2]]);
  });
});
