import {describe, expect, it} from 'vitest';
import type {AnyLab, LabPrediction} from '../lab.ts';
import {questionProblems} from './lint.ts';
import {predictsDuration} from './testing.ts';

const problemsOf = (predict: Partial<LabPrediction<unknown, unknown>>): string =>
  questionProblems({predict: {...predictsDuration, ...predict}} as unknown as AnyLab).join('\n');

describe('the questions of a lab', () => {
  it('are sound when they vary and have answers that fit', () => {
    expect(problemsOf({})).toBe('');
    expect(questionProblems({} as AnyLab)).toEqual([]);
  });

  it('are found wanting when they never change, or always have one answer', () => {
    const options = ['yes', 'no'].map(id => ({id, text: id}));
    const found = problemsOf({ask: () => ({kind: 'choice', text: 'Does it?', options}), answer: () => 'yes'});
    expect(found).toContain('1 different questions');
    expect(found).toContain('the same answer');
  });

  it('are found wanting when an own answer does not fit, and when drawing is not pure', () => {
    expect(problemsOf({answer: () => ({low: 0, high: 5000})})).toContain('wider than 200 ms');
    let count = 0;
    expect(
      problemsOf({ask: () => ({kind: 'interval', unit: 'ms', widthMax: 5000, text: `${count++} calls?`})}),
    ).toContain('the same seed asks another question');
  });
});
