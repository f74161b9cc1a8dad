import {describe, expect, it} from 'vitest';
import {generatedJournal, longLoad, START} from '../testing.ts';
import {gapsIn, linePoints, merged, overallSeries, perSecond} from './series.ts';

const {load} = generatedJournal();

describe('the series of the load', () => {
  it('is that of all routes, in order of time', () => {
    const series = overallSeries([...load].reverse());
    expect(series).toHaveLength(57);
    expect(series.map(({at}) => at)).toEqual([...series.map(({at}) => at)].sort((a, b) => a - b));
  });

  it('is the sum of the routes where there is no other, without latencies', () => {
    const sums = overallSeries(load.filter(({route}) => route !== '*'));
    const whole = overallSeries(load);
    expect(sums.map(({ok, failed, dropped}) => [ok, failed, dropped])).toEqual(
      whole.map(({ok, failed, dropped}) => [ok, failed, dropped]),
    );
    expect(sums.every(({latencyMs}) => latencyMs === null)).toBe(true);
  });

  it('keeps every operation and the worst latency when intervals are merged', () => {
    const all = overallSeries(longLoad(10_000));
    const few = merged(all, 420);
    const total = (list: typeof all): number => list.reduce((sum, {ok}) => sum + ok, 0);
    expect(few.length).toBeLessThanOrEqual(420);
    expect(total(few)).toBe(total(all));
    const worst = (list: typeof all): number => Math.max(...list.map(({latencyMs}) => latencyMs?.p99 ?? 0));
    expect(worst(few)).toBe(worst(all));
  });

  it('does not cover a gap by merging', () => {
    const few = merged(overallSeries(load), 20);
    expect(few.some(({at, to}) => at < START + 50_000 && to > START + 53_000)).toBe(false);
  });

  it('has the gaps of its span', () => {
    const span = {from: START - 5000, to: START + 62_000};
    expect(gapsIn(overallSeries(load), span)).toEqual([
      {from: START - 5000, to: START},
      {from: START + 50_000, to: START + 53_000},
      {from: START + 60_000, to: START + 62_000},
    ]);
    expect(gapsIn([], span)).toEqual([span]);
  });

  it('gives points in the middle of intervals, and a break for a gap', () => {
    const points = linePoints(overallSeries(load), each => perSecond(each.sent, each));
    expect(points[0]?.at).toBe(START + 500);
    expect(points.filter(({value}) => value === null).map(({at}) => at)).toEqual([START + 50_000]);
  });
});
