import {describe, expect, it} from 'vitest';
import {answerProblem, inWords, isRight, parseAnswer} from './answer.ts';
import type {Question} from './question.ts';

const options = ['longer-timeout', 'budget', 'jitter'].map(id => ({id, text: `use ${id}`}));
const choice: Question = {kind: 'choice', text: 'Which recovers?', options};
const choices: Question = {kind: 'choices', text: 'Which recover?', options};
const interval: Question = {kind: 'interval', text: 'How long?', unit: 'ms', widthMax: 100};

describe('an answer', () => {
  it('names an option by its number or its id', () => {
    expect(parseAnswer(choice, ' 2 ')).toBe('budget');
    expect(parseAnswer(choice, 'Jitter')).toBe('jitter');
    expect(() => parseAnswer(choice, 'buget')).toThrow('Did you mean budget?');
    expect(() => parseAnswer(choice, '4')).toThrow('none of 1 to 3');
    expect(() => parseAnswer(choice, '')).toThrow('none of 1 to 3');
  });

  it('names several options in any order, or none', () => {
    expect(parseAnswer(choices, '3, 1')).toEqual(['longer-timeout', 'jitter']);
    expect(parseAnswer(choices, 'budget budget')).toEqual(['budget']);
    expect(parseAnswer(choices, 'none')).toEqual([]);
    expect(() => parseAnswer(choices, ' ')).toThrow('the word none');
  });

  it.each([
    ['120..180', 120, 180],
    ['120 180 ms', 120, 180],
    ['120ms..180ms', 120, 180],
    ['120-180', 120, 180],
    ['-5..5', -5, 5],
    ['0.5 to 1.5', 0.5, 1.5],
  ])('is an interval, written %s', (raw, low, high) => {
    expect(parseAnswer(interval, raw)).toEqual({low, high});
  });

  it.each(['120', 'a..b', '180..120', '0..101', '1..2..3', ''])('is no interval: "%s"', raw => {
    expect(() => parseAnswer(interval, raw)).toThrow();
  });

  it('is right when it holds what was measured, and for several options when it is the same set', () => {
    expect(isRight(interval, {low: 120, high: 180}, 180)).toBe(true);
    expect(isRight(interval, {low: 120, high: 180}, 180.1)).toBe(false);
    expect(isRight(choice, 'budget', 'budget')).toBe(true);
    expect(isRight(choice, 'budget', 'jitter')).toBe(false);
    expect(isRight(choices, ['budget', 'jitter'], ['jitter', 'budget'])).toBe(true);
    expect(isRight(choices, ['budget'], ['jitter', 'budget'])).toBe(false);
    expect(isRight({...choices, missesMax: 1}, ['budget'], ['jitter', 'budget'])).toBe(true);
    expect(isRight(choices, [], [])).toBe(true);
  });

  it('that does not fit its question is told', () => {
    expect(answerProblem(interval, {low: 0, high: 500})).toContain('wider');
    expect(answerProblem(interval, 'budget')).toBeDefined();
    expect(answerProblem(choice, ['budget'])).toBeDefined();
    expect(answerProblem(choices, ['bugdet'])).toContain('bugdet');
    expect(answerProblem(choices, [])).toBeUndefined();
  });

  it('reads well', () => {
    expect(inWords(interval, {low: 120, high: 1234.567})).toBe('120 to 1230 ms');
    expect(inWords(interval, 431.49)).toBe('431 ms');
    expect(inWords(choices, [])).toBe('none of them');
  });
});
