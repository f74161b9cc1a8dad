import {LabError} from '../../errors.ts';
import {nearest} from '../../nearest.ts';
import type {Answer, Measured, PredictionOption, Question} from './question.ts';

/**
 * Reads an answer as people type it: `2` or `longer-timeout`; `1,3`, `none`; `120..180`, with or without the unit.
 *
 * @throws BAD_PREDICTION that says what the question takes.
 */
export function parseAnswer(question: Question, raw: string): Answer {
  const text = raw.trim();
  switch (question.kind) {
    case 'choice':
      return optionOf(question.options, text);
    case 'choices': {
      if (text.toLowerCase() === 'none') return [];
      const ids = text.split(/[\s,]+/).filter(part => part !== '');
      if (ids.length === 0) throw bad(`It takes options, as in 1,3, or the word none.`);
      const chosen = new Set(ids.map(id => optionOf(question.options, id)));
      return question.options.map(({id}) => id).filter(id => chosen.has(id));
    }
    case 'interval':
      return parseInterval(question, text);
  }
}

/** Whether an answer to a question fits it at all; what is wrong with it, or undefined. */
export function answerProblem(question: Question, answer: Answer): string | undefined {
  if (question.kind === 'interval') {
    if (typeof answer !== 'object' || !('low' in answer)) return 'it is no interval';
    const {low, high} = answer;
    if (!(Number.isFinite(low) && Number.isFinite(high) && low <= high)) return 'its bounds are not in order';
    const most = question.widthMax;
    return high - low > most ? `it is wider than ${most} ${question.unit}` : undefined;
  }
  const ids = typeof answer === 'string' ? [answer] : 'low' in answer ? undefined : answer;
  if (ids === undefined || (question.kind === 'choice') !== (typeof answer === 'string')) return 'it chooses no option';
  const unknown = ids.find(id => question.options.every(option => option.id !== id));
  return unknown === undefined ? undefined : `there is no option ${unknown}`;
}

/** Whether the run came out as predicted. Both belong to the question. */
export function isRight(question: Question, answer: Answer, measured: Measured): boolean {
  switch (question.kind) {
    case 'choice':
      return answer === measured;
    case 'choices': {
      const [said, seen] = [new Set(asIds(answer)), new Set(asIds(measured))];
      const misses = question.options.filter(({id}) => said.has(id) !== seen.has(id)).length;
      return misses <= (question.missesMax ?? 0);
    }
    case 'interval':
      return (
        typeof answer === 'object' &&
        'low' in answer &&
        typeof measured === 'number' &&
        measured >= answer.low &&
        measured <= answer.high
      );
  }
}

/** An answer or a measured value in words. */
export function inWords(question: Question, value: Answer | Measured): string {
  if (question.kind === 'interval') {
    if (typeof value === 'number') return `${figure(value)} ${question.unit}`;
    return typeof value === 'object' && 'low' in value
      ? `${figure(value.low)} to ${figure(value.high)} ${question.unit}`
      : String(value);
  }
  const ids = asIds(value);
  return ids.length === 0 ? 'none of them' : ids.join(', ');
}

/** How to answer, in words, and what such an answer looks like. */
export function howToAnswer(question: Question): {readonly words: string; readonly example: string} {
  switch (question.kind) {
    case 'choice':
      return {words: 'one of the options, by its number or name', example: '1'};
    case 'choices':
      return {words: 'the options that apply, by their numbers or names, or none', example: '1,3'};
    case 'interval':
      return {
        words: `an interval that holds the value four times in five, at most ${figure(question.widthMax)} ${question.unit} wide`,
        example: 'LOW..HIGH',
      };
  }
}

function parseInterval({unit, widthMax}: Extract<Question, {kind: 'interval'}>, text: string): Answer {
  const bare = text.toLowerCase().replaceAll(unit.toLowerCase(), ' ');
  const found = /^\s*(-?\d+(?:\.\d+)?)\s*(?:\.\.+|to|,|\s|(?<=\d)-)\s*(-?\d+(?:\.\d+)?)\s*$/.exec(bare);
  if (found === null) throw bad(`"${text}" is no interval; it takes two numbers in ${unit}, as in 120..180.`);
  const [low, high] = [Number(found[1]), Number(found[2])];
  if (low > high) throw bad(`An interval begins with the lower bound: ${high}..${low}.`);
  if (high - low > widthMax)
    throw bad(`An interval of ${figure(high - low)} ${unit} says too little; at most ${figure(widthMax)} ${unit}.`);
  return {low, high};
}

function optionOf(options: readonly PredictionOption[], raw: string): string {
  const byNumber = /^\d+$/.test(raw) ? options[Number(raw) - 1] : undefined;
  const option = options.find(({id}) => id === raw.toLowerCase()) ?? byNumber;
  if (option !== undefined) return option.id;
  const ids = options.map(({id}) => id);
  const near = nearest(raw, ids);
  throw bad(
    `"${raw}" is none of 1 to ${options.length} (${ids.join(', ')}).${near === undefined ? '' : ` Did you mean ${near}?`}`,
  );
}

function asIds(value: Answer | Measured): readonly string[] {
  if (Array.isArray(value)) return value;
  return typeof value === 'string' ? [value] : [];
}

/** Three figures are enough for anybody's guess. */
function figure(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function bad(message: string): LabError {
  return new LabError('BAD_PREDICTION', message);
}
