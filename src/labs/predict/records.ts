import {LabError} from '../../errors.ts';
import type {AnyLab} from '../lab.ts';
import {parseAnswer} from './answer.ts';
import {predictionRandom} from './draw.ts';
import type {Answer, Measured, PredictionMoment, Question} from './question.ts';

/** One question to the learner, from being asked to being scored. */
export interface PredictionRecord {
  readonly moment: PredictionMoment;
  /** Of the run that it is about. */
  readonly seed: number;
  readonly question: Question;
  /** Unix ms. */
  readonly askedAt: number;
  /** Once it is there it never changes. */
  readonly sealed?: {readonly at: number; readonly answer: Answer};
  /** `right` is null where the run could not tell. */
  readonly scored?: {
    readonly at: number;
    readonly measured: Measured | null;
    readonly right: boolean | null;
    readonly runFolder: string;
  };
}

/** Records kept per lab, the latest ones. */
const RECORDS_MAX = 50;
/** Seeds that are tried for a question that was not asked before. */
const DRAWS_MAX = 50;

/** Whether a question is due: once before the attack, and for a pass until one was answered right. */
export function isDue(records: readonly PredictionRecord[], moment: PredictionMoment): boolean {
  const scored = records.filter(record => record.moment === moment && record.scored !== undefined);
  return moment === 'break' ? scored.length === 0 : rightOnce(records) === undefined;
}

/** The pass's question that was answered right; it counts for good. */
export function rightOnce(records: readonly PredictionRecord[]): PredictionRecord | undefined {
  return records.find(({moment, scored}) => moment === 'check' && scored?.right === true);
}

/** How many predictions were scored, and how many were right: of 80 % intervals four in five should be. */
export function tally(records: readonly PredictionRecord[]): {readonly scored: number; readonly right: number} {
  const told = records.filter(({scored}) => scored !== undefined && scored.right !== null);
  return {scored: told.length, right: told.filter(({scored}) => scored?.right === true).length};
}

/** The question that waits for its answer or its run. */
export function pending(
  records: readonly PredictionRecord[],
  moment: PredictionMoment,
  seed?: number,
): PredictionRecord | undefined {
  return records.findLast(
    record => record.moment === moment && record.scored === undefined && (seed === undefined || record.seed === seed),
  );
}

/**
 * Asks the pending question, or draws one. For a pass it is one that was not put before, as far as the lab has others: a wrong answer is
 * never simply given again.
 */
export function ask(
  lab: AnyLab,
  records: readonly PredictionRecord[],
  order: {readonly moment: PredictionMoment; readonly seed?: number; readonly now: number; drawSeed(): number},
): {readonly record: PredictionRecord; readonly records: readonly PredictionRecord[]} {
  const {moment, seed, now} = order;
  const open = pending(records, moment, seed);
  if (open !== undefined) return {record: open, records};
  const known = new Set(records.map(({question}) => JSON.stringify(question)));
  let drawn = drawQuestion(lab, moment, seed ?? order.drawSeed());
  for (let tries = 1; seed === undefined && tries < DRAWS_MAX && known.has(JSON.stringify(drawn.question)); tries++)
    drawn = drawQuestion(lab, moment, order.drawSeed());
  const record = {moment, ...drawn, askedAt: now};
  return {record, records: [...records, record].slice(-RECORDS_MAX)};
}

/** Seals the answer to the pending question. Errors: PREDICTION_SEALED, BAD_PREDICTION; USAGE where nothing was asked. */
export function seal(
  records: readonly PredictionRecord[],
  {moment, seed, answer, now}: {moment: PredictionMoment; seed: number; answer: string; now: number},
): readonly PredictionRecord[] {
  const open = pending(records, moment, seed);
  if (open === undefined) throw new LabError('USAGE', `No question was asked for seed ${seed}.`);
  if (open.sealed !== undefined)
    throw new LabError('PREDICTION_SEALED', 'Your answer to this question is sealed already.');
  const sealed = {at: now, answer: parseAnswer(open.question, answer)};
  return records.map(record => (record === open ? {...record, sealed} : record));
}

/** Notes what the run came to. Records that are scored already, or were never sealed, stay as they are. */
export function score(
  records: readonly PredictionRecord[],
  {moment, seed}: {readonly moment: PredictionMoment; readonly seed: number},
  scored: NonNullable<PredictionRecord['scored']>,
): readonly PredictionRecord[] {
  const open = pending(records, moment, seed);
  if (open?.sealed === undefined) return records;
  return records.map(record => (record === open ? {...record, scored} : record));
}

function drawQuestion(
  lab: AnyLab,
  moment: PredictionMoment,
  seed: number,
): {readonly seed: number; readonly question: Question} {
  const {predict} = lab;
  if (predict === undefined) throw new LabError('USAGE', `${lab.id} asks for no prediction.`);
  return {seed, question: predict.ask(predictionRandom(seed), moment)};
}
