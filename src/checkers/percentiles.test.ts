import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {ledgerEntry} from './checkers.fixture.ts';
import {latencies, median, percentile} from './percentiles.ts';

describe('percentiles', () => {
  it('are nearest ranks', () => {
    const hundred = Array.from({length: 100}, (_, index) => index + 1);
    expect([0, 0.07, 0.5, 0.99, 1].map(q => percentile(hundred, q))).toEqual([1, 7, 50, 99, 100]);
    expect(median([3, 1, 2])).toBe(2);
    expect(percentile([], 0.5)).toBeUndefined();
    expect(() => percentile([1], 1.5)).toThrow(RangeError);
  });

  it('are values that were seen, and grow with the share', () => {
    const values = fc.array(fc.double({noNaN: true}), {minLength: 1});
    fc.assert(
      fc.property(
        values,
        fc.double({min: 0, max: 1, noNaN: true}),
        fc.double({min: 0, max: 1, noNaN: true}),
        (all, a, b) => {
          const [low, high] = [percentile(all, Math.min(a, b)), percentile(all, Math.max(a, b))];
          expect(all).toContain(low);
          expect(low).toBeLessThanOrEqual(high ?? Number.NaN);
        },
      ),
    );
  });

  it('count an operation without an answer with its patience', () => {
    expect(latencies([ledgerEntry(0), ledgerEntry(1, {outcome: 'info', latencyMs: 3})])).toEqual([10, 1_000]);
  });
});
