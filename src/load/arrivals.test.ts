import {describe, expect, it} from 'vitest';
import {createRandom} from '../random.ts';
import {arrivals, constantArrivals, poissonArrivals, spike} from './arrivals.ts';

describe('arrivals', () => {
  it('are evenly spaced at a constant rate', () => {
    expect(constantArrivals({ratePerSecond: 4, durationMs: 1000})).toEqual([0, 250, 500, 750]);
    expect(constantArrivals({ratePerSecond: 30, durationMs: 10_000})).toHaveLength(300);
  });

  it('have exponential gaps where clients are independent, the same for the same seed', () => {
    const draw = () => poissonArrivals({ratePerSecond: 1000, durationMs: 20_000, random: createRandom(7)});
    const times = draw();
    expect(draw()).toEqual(times);
    expect(Math.abs(times.length - 20_000)).toBeLessThan(600);
    const gaps = times.map((time, index) => time - (times[index - 1] ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
    expect(deviation / mean).toBeCloseTo(1, 1);
  });

  it('get denser along a ramp', () => {
    const times = arrivals([{forMs: 10_000, fromPerSecond: 0, toPerSecond: 20}]);
    expect(times).toHaveLength(100);
    expect(times.filter(time => time < 5000)).toHaveLength(25);
    expect(times.at(-1)).toBeLessThan(10_000);
  });

  it('rise and fall with a spike', () => {
    const times = arrivals(
      spike({basePerSecond: 10, spikePerSecond: 100, durationMs: 10_000, spikeFromMs: 4000, spikeForMs: 2000}),
    );
    expect(times.filter(time => time >= 4000 && time < 6000)).toHaveLength(200);
    expect(times).toHaveLength(280);
    expect([...times].sort((a, b) => a - b)).toEqual(times);
  });

  it('are none at a rate of zero', () => {
    expect(constantArrivals({ratePerSecond: 0, durationMs: 1000})).toEqual([]);
  });
});
