import {describe, expect, it} from 'vitest';
import type {AnyLab} from './lab.ts';
import {fail} from './verdict.ts';
import type {Proof} from './verify.ts';
import {reportCodes, reportVariants} from './verify-report.ts';

const proof = (variant: string, code: string, {ms = 1_000, holds = true, retries = 0} = {}): Proof => ({
  row: {
    lab: 'p1',
    variant,
    seed: 1,
    runtime: 'process',
    broker: 'postgres',
    expected: 'fail',
    verdict: 'fail',
    codes: [code],
    durationMs: ms,
  },
  holds,
  retries,
  result: {
    lab: 'p1',
    verdict: 'fail',
    seed: 1,
    runtime: 'process',
    tasks: [{id: 'rows', title: 'Rows', ...fail(code, '', '')}],
    durationMs: ms,
  },
});

describe('the report of a proof', () => {
  it('says per variant how long it took, how steady it was, and what came only sometimes', () => {
    const proofs = [
      proof('start', 'TOO_MANY'),
      proof('start', 'TOO_FEW', {ms: 3_000, holds: false, retries: 2}),
      proof('wrong/one', 'TOO_MANY'),
    ];
    expect(reportVariants(proofs)).toEqual([
      {
        lab: 'p1',
        variant: 'start',
        runs: 2,
        asExpected: 1,
        retries: 2,
        meanMs: 2_000,
        longestMs: 3_000,
        wavering: ['TOO_MANY', 'TOO_FEW'],
      },
      expect.objectContaining({variant: 'wrong/one', runs: 1, asExpected: 1, wavering: []}),
    ]);
  });

  it('names the codes that no failing variant came to', () => {
    const lab = {id: 'p1', tasks: [{id: 'rows', codes: ['TOO_MANY', 'TOO_FEW', 'LATE']}]} as unknown as AnyLab;
    const proofs = [proof('start', 'TOO_MANY'), proof('solution', 'LATE')];
    expect(reportCodes(lab, proofs)).toEqual({lab: 'p1', codes: 3, unseen: ['rows/TOO_FEW', 'rows/LATE']});
  });
});
