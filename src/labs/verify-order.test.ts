import {describe, expect, it} from 'vitest';
import type {AnyLab} from './lab.ts';
import type {ProofJob} from './verify.ts';
import {byImportance} from './verify-order.ts';

function jobs(...labs: readonly string[]): readonly ProofJob[] {
  return labs.flatMap(id =>
    ['start', 'wrong/a', 'wrong/b', 'solution'].map(variant => ({
      lab: {id, wrong: [{}, {}]} as unknown as AnyLab,
      expectation: {variant} as ProofJob['expectation'],
      seed: 1,
    })),
  );
}

const names = (order: readonly ProofJob[]): readonly string[] =>
  order.map(({lab, expectation}) => `${lab.id} ${expectation.variant}`);

describe('the order of a proof that may end early', () => {
  it('has references first, then starts, then one wrong fix of each lab', () => {
    expect(names(byImportance(jobs('x', 'y'), 0))).toEqual([
      'x solution',
      'y solution',
      'x start',
      'y start',
      'x wrong/a',
      'y wrong/a',
      'x wrong/b',
      'y wrong/b',
    ]);
  });

  it('begins elsewhere each day, and leaves nothing out', () => {
    const all = jobs('u', 'v', 'w');
    const first = [0, 1, 2].map(day => names(byImportance(all, day))[0]);
    expect(new Set(first).size).toBe(3);
    expect(names(byImportance(all, 7)).toSorted()).toEqual(names(all).toSorted());
    expect(names(byImportance(all, 1))[6]).toContain('wrong/b');
  });
});
