import {describe, expect, it} from 'vitest';
import type {AnyLab} from '../lab.ts';
import type {Question} from './question.ts';
import {ask, isDue, type PredictionRecord, pending, rightOnce, score, seal, tally} from './records.ts';
import {predictsDuration} from './testing.ts';

const lab = {id: 'p1-05-fewer-calls', predict: predictsDuration} as unknown as AnyLab;

function asked(records: readonly PredictionRecord[], moment: 'break' | 'check', ...seeds: number[]) {
  const left = [...seeds];
  return ask(lab, records, {moment, now: 1, drawSeed: () => left.shift() ?? 99});
}

function answered(moment: 'break' | 'check', right: boolean | null): readonly PredictionRecord[] {
  const {records} = asked([], moment, 7);
  const sealed = seal(records, {moment, seed: 7, answer: '0..10', now: 2});
  return score(sealed, {moment, seed: 7}, {at: 3, measured: 5, right, runFolder: '/run'});
}

describe('a prediction', () => {
  it('asks the same question until it is scored', () => {
    const first = asked([], 'break', 7);
    expect(asked(first.records, 'break', 8)).toEqual({record: first.record, records: first.records});
    expect(first.record).toMatchObject({seed: 7, question: {kind: 'interval', unit: 'ms'}});
  });

  it('is sealed once', () => {
    const {records} = asked([], 'break', 7);
    const sealed = seal(records, {moment: 'break', seed: 7, answer: '100..200', now: 2});
    expect(pending(sealed, 'break')?.sealed).toEqual({at: 2, answer: {low: 100, high: 200}});
    expect(() => seal(sealed, {moment: 'break', seed: 7, answer: '1..2', now: 3})).toThrow('sealed already');
    expect(() => seal(records, {moment: 'check', seed: 7, answer: '1..2', now: 3})).toThrow('No question');
  });

  it('is not scored before it is sealed, nor twice', () => {
    const {records} = asked([], 'break', 7);
    const scored = {at: 3, measured: 1, right: true, runFolder: '/run'};
    expect(score(records, {moment: 'break', seed: 7}, scored)).toBe(records);
    const once = answered('break', false);
    expect(score(once, {moment: 'break', seed: 7}, scored)).toBe(once);
  });

  it('is due once before an attack, right or wrong, and for a pass until it was right', () => {
    expect(isDue([], 'break')).toBe(true);
    expect(isDue(answered('break', false), 'break')).toBe(false);
    expect(isDue(answered('break', true), 'check')).toBe(true);
    expect(isDue(answered('check', false), 'check')).toBe(true);
    expect(isDue(answered('check', null), 'check')).toBe(true);
    expect(isDue(answered('check', true), 'check')).toBe(false);
    expect(rightOnce(answered('check', true))?.seed).toBe(7);
  });

  it('counts among those that were right or wrong, not where the run could not tell', () => {
    const all = [...answered('break', false), ...answered('check', true), ...answered('check', null)];
    expect(tally(all)).toEqual({scored: 2, right: 1});
  });

  it('puts other parameters after a wrong answer, even when the draw repeats itself', () => {
    const {record} = asked(answered('check', false), 'check', 7, 7, 8);
    expect(record.seed).toBe(8);
    const textOf = (question: Question | undefined) => question?.text;
    expect(textOf(record.question)).not.toBe(textOf(answered('check', false)[0]?.question));
  });
});
