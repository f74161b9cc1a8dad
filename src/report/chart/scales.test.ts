import {describe, expect, it} from 'vitest';
import {createTimeScale, tickText} from './time-scale.ts';
import {createValueScale} from './value-scale.ts';

describe('the scale of time', () => {
  const scale = createTimeScale({from: 1000, to: 61_000, left: 50, right: 650});

  it('puts the span between left and right, and what is outside on the edge', () => {
    expect([1000, 31_000, 61_000, 0, 99_000].map(at => scale.x(at))).toEqual([50, 350, 650, 50, 650]);
  });

  it('has ticks that are round from the origin', () => {
    expect(scale.ticks(1000, 8)).toEqual([0, 10, 20, 30, 40, 50, 60].map(second => 1000 + second * 1000));
    expect(scale.ticks(1500, 3).map(at => at - 1500)).toEqual([0, 30_000]);
  });

  it.each([0, 1, 999, 60_000, 3_600_000, 9e9, 1e13, 1e300])('has a few ticks for a span of %d ms', span => {
    const ticks = createTimeScale({from: 0, to: span, left: 0, right: 100}).ticks(0, 10);
    expect(ticks.length).toBeGreaterThanOrEqual(1);
    expect(ticks.length).toBeLessThanOrEqual(11);
  });

  it('writes all moments of an axis alike', () => {
    expect([0, 90_000].map(ms => tickText(ms, 100_000))).toEqual(['0 s', '90 s']);
    expect([30_000, 90_000, -30_000].map(ms => tickText(ms, 600_000))).toEqual(['0:30 min', '1:30 min', '-0:30 min']);
    expect(tickText(9_000_000, 9_000_000)).toBe('2:30 h');
  });
});

describe('a scale of values', () => {
  const place = {top: 0, bottom: 100, kind: 'auto', least: 0.1} as const;

  it('is linear from 0 where values are alike', () => {
    const scale = createValueScale([40, 90], place);
    expect(scale).toMatchObject({kind: 'linear', ticks: [0, 20, 40, 60, 80, 100]});
    expect([scale.y(0), scale.y(100)]).toEqual([100, 0]);
  });

  it('is logarithmic where they are not, with powers of ten', () => {
    const scale = createValueScale([4, 90, 700], place);
    expect(scale).toMatchObject({kind: 'log', ticks: [1, 10, 100, 1000]});
    expect(scale.y(10) - scale.y(100)).toBeCloseTo(scale.y(1) - scale.y(10), 6);
  });

  it('has few ticks however far values lie apart', () => {
    expect(createValueScale([0, 1e-9, 1e12], place).ticks.length).toBeLessThanOrEqual(8);
  });

  it('stands values that are none, and none at all', () => {
    for (const values of [[], [0], [Number.NaN, Number.POSITIVE_INFINITY], [-5]]) {
      const scale = createValueScale(values, place);
      expect(Number.isFinite(scale.y(0))).toBe(true);
      expect(scale.ticks.every(Number.isFinite)).toBe(true);
    }
  });
});
