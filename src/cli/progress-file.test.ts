import {describe, expect, it} from 'vitest';
import type {LabProgress} from '../labs/progress.ts';
import {joinProgress} from './progress-file.ts';

const lab = (facts: Partial<LabProgress>): LabProgress => ({
  attempts: 0,
  passes: [],
  last: null,
  hintsShown: [],
  revealed: false,
  skipped: false,
  ...facts,
});
const pass = (at: number) => ({at, seed: at, runtime: 'process', runFolder: '/r', files: []});

describe('imported progress', () => {
  it('loses nothing of either side', () => {
    const ours = {labs: {a: lab({attempts: 3, passes: [pass(5)], hintsShown: ['x']}), b: lab({skipped: true})}};
    const theirs = {
      labs: {
        a: lab({attempts: 1, passes: [pass(2), pass(5)], hintsShown: ['y'], revealed: true}),
        c: lab({attempts: 1}),
      },
    };
    const {labs} = joinProgress(ours, theirs);
    expect(Object.keys(labs)).toEqual(['a', 'b', 'c']);
    expect(labs.a?.passes.map(({at}) => at)).toEqual([2, 5]);
    expect(labs.a).toMatchObject({attempts: 3, revealed: true});
    expect(labs.a?.hintsShown.toSorted()).toEqual(['x', 'y']);
  });

  it('takes a question from where it is further along, and the attacks of both', () => {
    const asked = {
      moment: 'break',
      seed: 7,
      question: {kind: 'interval', text: '', unit: 'ms', widthMax: 1},
      askedAt: 1,
    } as const;
    const sealed = {...asked, sealed: {at: 2, answer: {low: 0, high: 1}}};
    const scored = {...sealed, scored: {at: 3, measured: 1, right: true, runFolder: '/r'}};
    const joined = joinProgress(
      {labs: {a: lab({predictions: [scored], attacksWon: ['x']})}},
      {labs: {a: lab({predictions: [sealed, {...asked, seed: 8}], attacksWon: ['y']})}},
    );
    expect(joined.labs.a?.predictions).toEqual([scored, {...asked, seed: 8}]);
    expect(joined.labs.a?.attacksWon?.toSorted()).toEqual(['x', 'y']);
  });

  it('is the same when it is imported twice, and a pass ends a skip', () => {
    const ours = {labs: {a: lab({skipped: true})}};
    const theirs = {labs: {a: lab({passes: [pass(1)]})}};
    const once = joinProgress(ours, theirs);
    expect(once.labs.a?.skipped).toBe(false);
    expect(joinProgress(once, theirs)).toEqual(once);
  });
});
