import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {AnyLab} from '../labs/lab.ts';
import {seal} from '../labs/predict/records.ts';
import {predictsDuration} from '../labs/predict/testing.ts';
import {openProgress, type ProgressStore} from '../labs/progress.ts';
import type {RunOutcome} from '../labs/run-check.ts';
import {pass} from '../labs/verdict.ts';
import {learnersPrediction, variantsPrediction} from './predictions.ts';

const lab = {id: 'p1-05-fewer-calls', predict: predictsDuration} as unknown as AnyLab;

let folder: string;
let progress: ProgressStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'teralab-predictions-'));
  progress = openProgress(folder);
});
afterEach(() => rm(folder, {recursive: true, force: true}));

const recordsOf = async () => (await progress.read()).labs[lab.id]?.predictions ?? [];

/** Answers the question that waits. */
async function answer(moment: 'break' | 'check', typed: string): Promise<number> {
  const seed = (await recordsOf()).findLast(record => record.moment === moment)?.seed ?? 0;
  await progress.changePredictions(lab.id, records => seal(records, {moment, seed, answer: typed, now: 1}));
  return seed;
}

const outcome = (right: boolean): RunOutcome => ({prediction: {measured: 1, right}}) as unknown as RunOutcome;

describe("a run of the learner's code", () => {
  it('is not broken before the prediction is sealed, and then with the seed of its question', async () => {
    await expect(learnersPrediction(progress, lab, {mode: 'break'})).rejects.toMatchObject({
      code: 'PREDICTION_NEEDED',
      message: expect.stringMatching(/calls one after the other.*\n.*at most 200 ms wide/),
    });
    const seed = await answer('break', '100..200');
    const run = await learnersPrediction(progress, lab, {mode: 'break'});
    expect(run).toMatchObject({seed, order: {state: 'sealed', by: 'learner', answer: {low: 100, high: 200}}});
    await run.score(outcome(false), '/run');
    // A wrong one blocks nothing.
    expect(await learnersPrediction(progress, lab, {mode: 'break'})).toMatchObject({order: undefined});
  });

  it('keeps the sealed answer when the run ended too early to tell', async () => {
    await expect(learnersPrediction(progress, lab, {mode: 'break'})).rejects.toThrow();
    const seed = await answer('break', '100..200');
    const run = await learnersPrediction(progress, lab, {mode: 'break'});
    await run.score({} as RunOutcome, '/run');
    expect((await learnersPrediction(progress, lab, {mode: 'break'})).seed).toBe(seed);
  });

  it('is asked for a pass until one answer was right the first time', async () => {
    expect(await learnersPrediction(progress, lab, {mode: 'check'})).toMatchObject({
      seed: undefined,
      order: {state: 'missing', question: {kind: 'interval'}},
    });
    const wrong = await answer('check', '0..1');
    const first = await learnersPrediction(progress, lab, {mode: 'check'});
    expect(first.seed).toBe(wrong);
    await first.score(outcome(false), '/run');
    expect((await learnersPrediction(progress, lab, {mode: 'check'})).order?.state).toBe('missing');
    expect(await answer('check', '1..2')).not.toBe(wrong);
    await (await learnersPrediction(progress, lab, {mode: 'check'})).score(outcome(true), '/run');
    expect(await learnersPrediction(progress, lab, {mode: 'check', seed: 5})).toMatchObject({
      seed: undefined,
      order: {state: 'right-before'},
    });
  });

  it('does not lose what it had passed before the lab had a question', async () => {
    const tasks = [{id: 'page', title: 'Page', ...pass('', '')}];
    const result = {lab: lab.id, verdict: 'pass', seed: 1, runtime: 'process', tasks, durationMs: 1} as const;
    await progress.recordCheck({result, tasks: ['page'], runFolder: '/run', judged: [], quick: false});
    expect((await learnersPrediction(progress, lab, {mode: 'check'})).order?.state).toBe('right-before');
  });

  it('cannot look first at what it will be asked: a question whose seed was run is not put', async () => {
    await learnersPrediction(progress, lab, {mode: 'check'});
    const [waiting] = await recordsOf();
    const seed = waiting?.seed ?? 0;
    expect((await learnersPrediction(progress, lab, {mode: 'check', seed})).order).toEqual({state: 'missing'});
    expect(await recordsOf()).toEqual([]);
  });

  it('is not asked for a quick look or a single task', async () => {
    expect((await learnersPrediction(progress, lab, {mode: 'quick'})).order).toBeUndefined();
    expect((await learnersPrediction(progress, lab, {mode: 'check', task: 'in-time'})).order).toBeUndefined();
  });
});

describe("a run of the lab's own variants", () => {
  it('is predicted by the lab: the start as for break, the solution as for a pass, wrong fixes not at all', () => {
    const text = {question: {text: expect.stringContaining('one after the other')}};
    expect(variantsPrediction(lab, 'start', 7)).toMatchObject({state: 'sealed', by: 'lab', moment: 'break', ...text});
    expect(variantsPrediction(lab, 'solution', 7)).toMatchObject({by: 'lab', moment: 'check'});
    expect(variantsPrediction(lab, 'wrong/promise-all', 7)).toBeUndefined();
  });
});
