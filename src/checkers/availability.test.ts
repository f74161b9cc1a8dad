import {describe, expect, it} from 'vitest';
import {availability, availabilityByName, longestGapMs} from './availability.ts';
import {ledgerEntry} from './checkers.fixture.ts';

describe('availability', () => {
  const entries = [
    ledgerEntry(0),
    ledgerEntry(100, {outcome: 'info'}),
    ledgerEntry(200, {outcome: 'dropped', sends: []}),
    ledgerEntry(300, {name: 'dashboard'}),
  ];

  it('is the share of operations answered in time, those that were never sent included', () => {
    expect(availability(entries)).toEqual({operations: 4, ok: 2, share: 0.5});
    expect(availability(entries, {name: 'register'})).toEqual({operations: 3, ok: 1, share: 1 / 3});
    expect(availability(entries, {from: 100, to: 300})).toEqual({operations: 2, ok: 0, share: 0});
  });

  it('is unknown where nothing was asked', () => {
    expect(availability(entries, {from: 5_000}).share).toBeNull();
  });

  it('is told by name', () => {
    expect([...availabilityByName(entries)].map(([name, {share}]) => [name, share])).toEqual([
      ['register', 1 / 3],
      ['dashboard', 1],
    ]);
  });

  it('has its longest gap between two answers, or before the first, or after the last', () => {
    expect(longestGapMs([])).toBe(0);
    expect(longestGapMs([ledgerEntry(0), ledgerEntry(500), ledgerEntry(600)])).toBe(500);
    expect(longestGapMs([ledgerEntry(0, {outcome: 'info'}), ledgerEntry(900), ledgerEntry(950)])).toBe(910);
    expect(longestGapMs([ledgerEntry(0), ledgerEntry(2_000, {outcome: 'info'})])).toBe(1_990);
  });
});
