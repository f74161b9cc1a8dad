import {describe, expect, it} from 'vitest';
import {defaultTopology} from '../topology/default.ts';
import {FAULT_CATALOGUE} from './catalogue.ts';
import {checkRequest} from './check-request.ts';
import {drawTimetable} from './draw-timetable.ts';

const options = {seed: 1, durationMs: 600_000, topology: defaultTopology(), runtime: 'process'} as const;

describe('a drawn timetable', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(drawTimetable(options)).toEqual(drawTimetable(options));
    expect(drawTimetable({...options, seed: 2})).not.toEqual(drawTimetable(options));
  });

  it('has every kind that the runtime can do, one as often as the next, and nothing that it cannot', () => {
    const counts = new Map<string, number>();
    for (const {kind} of drawTimetable(options)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    const possible = FAULT_CATALOGUE.filter(({runtimes}) => runtimes?.includes('process') !== false);
    expect([...counts.keys()].toSorted()).toEqual(possible.map(({kind}) => kind).toSorted());
    expect(Math.max(...counts.values()) - Math.min(...counts.values())).toBeLessThanOrEqual(1);
  });

  it('holds only what the catalogue takes, and ends before its time', () => {
    for (let seed = 0; seed < 10; seed += 1)
      for (const {atMs, ...fault} of drawTimetable({...options, seed})) {
        expect(() => checkRequest({...fault, reason: 'test'})).not.toThrow();
        expect(atMs + fault.forMs).toBeLessThan(options.durationMs);
      }
  });
});
