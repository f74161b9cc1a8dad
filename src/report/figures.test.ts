import {describe, expect, it} from 'vitest';
import {dateAndTime, grouped, milliseconds, offset, percent, seconds} from './figures.ts';

describe('figures of a report', () => {
  it('has few digits', () => {
    expect([0, 0.04, 4.26, 99.96, 999, 1234, 65_000, 125_000].map(milliseconds)).toEqual([
      '0 ms',
      '< 0.1 ms',
      '4.3 ms',
      '100 ms',
      '999 ms',
      '1.23 s',
      '65 s',
      '2 min 5 s',
    ]);
    expect([grouped(1234567), grouped(1e300), grouped(Number.NaN)]).toEqual(['1,234,567', '1.00e+300', '-']);
  });

  it('never tells some as none, nor most as all', () => {
    expect([0, 0.0001, 0.5, 0.9999, 1].map(percent)).toEqual(['0 %', '< 0.1 %', '50 %', '> 99.9 %', '100 %']);
  });

  it('has signs where they mean something', () => {
    expect([offset(1500, 1000), offset(500, 1000), seconds(-125_000)]).toEqual(['+0.5 s', '-0.5 s', '-2 min 5 s']);
  });

  it('has no time where there is none', () => {
    expect(dateAndTime(Number.NaN)).toBe('at no known time');
    expect(dateAndTime(1_795_760_722_000)).toBe('2026-11-27 06:25:22 UTC');
  });
});
