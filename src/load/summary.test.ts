import {describe, expect, it} from 'vitest';
import {latencySummary} from './summary.ts';

describe('latencySummary', () => {
  it('gives exact percentiles by nearest rank', () => {
    const values = Array.from({length: 1000}, (_, index) => 1000 - index);
    expect(latencySummary(values)).toEqual({p50: 500, p90: 900, p99: 990, p999: 999, max: 1000});
  });

  it('is the only value when there is one, and zero when there is none', () => {
    expect(latencySummary([7])).toEqual({p50: 7, p90: 7, p99: 7, p999: 7, max: 7});
    expect(latencySummary([])).toEqual({p50: 0, p90: 0, p99: 0, p999: 0, max: 0});
  });
});
