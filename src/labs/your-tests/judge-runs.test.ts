import {describe, expect, it} from 'vitest';
import {judgeRuns, type Variant} from './judge-runs.ts';
import type {RunSaid} from './lane.ts';

const reference: Variant = {name: 'solution', isRight: true, why: 'the reference'};
const other: Variant = {name: 'right/other', isRight: true, why: 'it does it in another way'};
const start: Variant = {name: 'start', isRight: false, why: 'what the lab starts with'};
const hasty: Variant = {name: 'wrong/hasty', isRight: false, why: 'it looks the same'};

const passed: RunSaid = {said: 'passed', tests: 2};
const failed: RunSaid = {said: 'failed', test: 'a test', message: '1 !== 2'};
const hung: RunSaid = {said: 'hung', test: 'a test', afterMs: 3_000};

const all = (variant: Variant, ...said: RunSaid[]) => said.map(each => ({variant, said: each}));

describe('tests are judged', () => {
  it('to pass when they pass on what is right, and fail on what is wrong', () => {
    const runs = [...all(reference, passed, passed), ...all(start, failed, hung), ...all(hasty, failed, failed)];
    expect(judgeRuns(runs)).toMatchObject({
      verdict: 'pass',
      observed: '2 of 2 wrong ones fail your 2 tests, 0 get through',
    });
  });

  it('to miss what gets through, whose name and reason are told', () => {
    const runs = [...all(reference, passed), ...all(start, failed), ...all(hasty, passed, passed)];
    expect(judgeRuns(runs)).toMatchObject({
      code: 'TEST_MISSES',
      observed: '1 of 2 wrong ones fail your 2 tests, 1 get through',
      evidence: ['gets through: hasty: it looks the same'],
    });
  });

  it('by their first failure on the reference', () => {
    expect(judgeRuns([...all(reference, failed, failed), ...all(start, failed)])).toMatchObject({
      code: 'TEST_FAILS_ON_REFERENCE',
      evidence: ['"a test": 1 !== 2'],
    });
    expect(judgeRuns([...all(reference, hung), ...all(start, failed)])).toMatchObject({
      code: 'TEST_FAILS_ON_REFERENCE',
      evidence: ['"a test" had not ended after 3 s'],
    });
  });

  it('by another right solution, too, which is told about', () => {
    const runs = [...all(reference, passed), ...all(other, failed), ...all(start, failed)];
    expect(judgeRuns(runs)).toMatchObject({
      code: 'TEST_FAILS_ON_REFERENCE',
      observed: 'your tests fail on another right solution',
      evidence: ['"a test": 1 !== 2', 'what is right about it: it does it in another way'],
    });
  });

  it('to waver when a repetition comes to another result, on what is right or wrong', () => {
    expect(judgeRuns([...all(reference, passed, failed), ...all(start, failed)])).toMatchObject({code: 'TESTS_WAVER'});
    expect(judgeRuns([...all(reference, passed), ...all(hasty, failed, passed)])).toMatchObject({code: 'TESTS_WAVER'});
  });

  it('to have broken off, whatever else there was', () => {
    const runs = [...all(reference, passed), ...all(start, {said: 'broke-off', message: 'the process ended'})];
    expect(judgeRuns(runs)).toMatchObject({verdict: 'fail', code: 'TESTS_BREAK_OFF'});
  });

  it('not at all where there are none', () => {
    const runs = all(start, {said: 'no-tests', message: '`tests` is empty'});
    expect(judgeRuns(runs)).toMatchObject({verdict: 'inconclusive', code: 'NO_TESTS'});
  });
});
