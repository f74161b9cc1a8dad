import {randomInt} from 'node:crypto';
import {LabError} from '../errors.ts';
import type {AnyLab} from '../labs/lab.ts';
import {ownPrediction, type PredictionOrder, questionLines} from '../labs/predict/item.ts';
import type {PredictionMoment} from '../labs/predict/question.ts';
import {ask, isDue, type PredictionRecord, pending, rightOnce, score, seal} from '../labs/predict/records.ts';
import {openProgress, type ProgressStore} from '../labs/progress.ts';
import type {RunOutcome} from '../labs/run-check.ts';
import {labCatalogue} from './catalogue.ts';
import type {Controller} from './controller.ts';
import type {AskedPrediction} from './protocol.ts';

/** The question that is due at this moment, drawn and noted where none waits yet; null where the lab has none, or none is due. */
export async function askPrediction(
  controller: Controller,
  {
    lab: name,
    labs,
    moment,
    seed,
  }: {readonly lab: string; readonly labs?: string; readonly moment: PredictionMoment; readonly seed?: number},
): Promise<AskedPrediction | null> {
  const lab = await labCatalogue(controller, labs).load(name);
  const progress = openProgress(controller.options.paths.data);
  if (lab.predict === undefined || !isDue(await recordsOf(progress, lab), moment)) return null;
  return asAsked(await noteQuestion(progress, lab, moment, seed));
}

/** Seals the answer, before anything runs. Errors: as of `seal`. */
export async function sealPrediction(
  controller: Controller,
  order: {
    readonly lab: string;
    readonly labs?: string;
    readonly moment: PredictionMoment;
    readonly seed: number;
    readonly answer: string;
  },
): Promise<AskedPrediction> {
  const lab = await labCatalogue(controller, order.labs).load(order.lab);
  const progress = openProgress(controller.options.paths.data);
  const {predictions = []} = await progress.changePredictions(lab.id, records =>
    seal(records, {...order, now: Date.now()}),
  );
  const record = pending(predictions, order.moment, order.seed);
  if (record === undefined) throw new LabError('USAGE', `No question was asked for seed ${order.seed}.`);
  return asAsked(record);
}

/** What a run is to make of the lab's prediction, and the seed that goes with it. */
export interface RunPrediction {
  readonly order: PredictionOrder | undefined;
  /** The run has this seed, since the question's parameters were drawn from it. */
  readonly seed: number | undefined;
  /** Notes in the progress how it came out. */
  score(outcome: RunOutcome, runFolder: string): Promise<void>;
}

const NONE: RunPrediction = {order: undefined, seed: undefined, score: async () => undefined};

/** The lab answers for its own variants: the start is broken, the solution checked; wrong fixes have nothing to say. */
export function variantsPrediction(lab: AnyLab, variant: string, seed: number): PredictionOrder | undefined {
  if (variant === 'start') return ownPrediction(lab, 'break', seed);
  return variant === 'solution' ? ownPrediction(lab, 'check', seed) : undefined;
}

/** For a run of the learner's own code. @throws PREDICTION_NEEDED where `break` has to be predicted first. */
export async function learnersPrediction(
  progress: ProgressStore,
  lab: AnyLab,
  run: {readonly mode: 'check' | 'quick' | 'break'; readonly seed?: number; readonly task?: string},
): Promise<RunPrediction> {
  if (lab.predict === undefined || run.mode === 'quick' || run.task !== undefined) return NONE;
  const moment = run.mode;
  if (run.seed !== undefined) await forgetSeen(progress, lab, run.seed);
  const {predictions: records = [], passes = []} = (await progress.read()).labs[lab.id] ?? {};
  const answered = rightOnce(records);
  // Passed before the lab had a question: what was passed is not taken back.
  const since = answered?.scored?.at ?? passes[0]?.at;
  if (moment === 'check' && since !== undefined) return {...NONE, order: {state: 'right-before', at: since}};
  // A run that repeats a seed may repeat one whose outcome was seen.
  if (moment === 'check' && run.seed !== undefined) return {...NONE, order: {state: 'missing'}};
  const record = pending(records, moment, run.seed);
  if (record?.sealed !== undefined) return sealedPrediction(progress, lab, record);
  if (moment === 'check') {
    const {question} = await noteQuestion(progress, lab, moment, undefined);
    return {...NONE, order: {state: 'missing', question}};
  }
  if (!isDue(records, moment)) return NONE;
  const {question} = await noteQuestion(progress, lab, moment, run.seed);
  throw new LabError('PREDICTION_NEEDED', ['A prediction comes first.', ...questionLines(question)].join('\n'));
}

/** A run that repeats a seed shows what a pass's question with this seed asks: such a question is not put any more. */
async function forgetSeen(progress: ProgressStore, lab: AnyLab, seed: number): Promise<void> {
  const seen = pending(await recordsOf(progress, lab), 'check', seed);
  if (seen === undefined) return;
  await progress.changePredictions(lab.id, records =>
    records.filter(record => record.moment !== 'check' || record.seed !== seed || record.scored !== undefined),
  );
}

function sealedPrediction(progress: ProgressStore, lab: AnyLab, record: PredictionRecord): RunPrediction {
  const {moment, seed, question, sealed} = record;
  if (sealed === undefined) return NONE;
  return {
    order: {state: 'sealed', moment, question, answer: sealed.answer, by: 'learner'},
    seed,
    score: async ({prediction}, runFolder) => {
      if (prediction === undefined) return;
      const {measured, right} = prediction;
      await progress.changePredictions(lab.id, records =>
        score(records, record, {at: Date.now(), measured, right, runFolder}),
      );
    },
  };
}

async function noteQuestion(
  progress: ProgressStore,
  lab: AnyLab,
  moment: PredictionMoment,
  seed: number | undefined,
): Promise<PredictionRecord> {
  let asked: PredictionRecord | undefined;
  await progress.changePredictions(lab.id, before => {
    const {record, records} = ask(lab, before, {
      moment,
      now: Date.now(),
      drawSeed: () => randomInt(1, 2 ** 31 - 1),
      ...(seed === undefined ? {} : {seed}),
    });
    asked = record;
    return records;
  });
  if (asked === undefined) throw new Error('no question was noted');
  return asked;
}

async function recordsOf(progress: ProgressStore, lab: AnyLab): Promise<readonly PredictionRecord[]> {
  return (await progress.read()).labs[lab.id]?.predictions ?? [];
}

function asAsked({moment, seed, question, sealed}: PredictionRecord): AskedPrediction {
  return {moment, seed, question, sealed: sealed?.answer ?? null};
}
