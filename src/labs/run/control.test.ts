import {describe, expect, it} from 'vitest';
import type {LatencySummary} from '../../load/load.ts';
import {wasBusy} from './control.ts';

const p99 = (ms: number): LatencySummary => ({p50: 2, p90: 5, p99: ms, p999: ms, max: ms});

describe('a machine', () => {
  it.each([
    {baseline: 5, attack: 20, busy: false, why: 'below 25 ms a collection of garbage may be all'},
    {baseline: 5, attack: 26, busy: true, why: 'five times the baseline'},
    {baseline: 12, attack: 29, busy: false, why: 'less than three times the baseline'},
    {baseline: 25, attack: 39, busy: true, why: 'a baseline that was busy itself is no measure'},
    {baseline: 31, attack: 5, busy: true, why: 'the baseline was busy'},
  ])('with a p99 of $baseline ms in the baseline and $attack ms in the attack is busy: $busy ($why)', each => {
    expect(wasBusy(p99(each.baseline), [p99(each.attack)])).toBe(each.busy);
  });
});
