import {LabError} from '../../errors.ts';
import type {AnyLab, Evidence} from '../lab.ts';
import {
  type CheckResult,
  fail,
  inconclusive,
  type Judgement,
  pass,
  type TaskVerdict,
  type Verdict,
} from '../verdict.ts';
import {answerProblem, howToAnswer, inWords, isRight} from './answer.ts';
import {predictionRandom} from './draw.ts';
import type {Answer, Measured, PredictionMoment, Question} from './question.ts';

/** The item of a checklist that a prediction is; no task of a lab may have this id. */
export const PREDICTION_ID = 'prediction';

/** What a run is to make of the lab's prediction. */
export type PredictionOrder =
  /** Score this answer. `by` the lab itself where its own variants run: its answer is worked out, never measured. */
  | {
      readonly state: 'sealed';
      readonly moment: PredictionMoment;
      readonly question: Question;
      readonly answer: Answer;
      readonly by: 'learner' | 'lab';
    }
  /** The learner's answer was right before. */
  | {readonly state: 'right-before'; readonly at: number}
  /** A pass has yet to ask. Without a question: the run repeats a seed, whose answer may be known. */
  | {readonly state: 'missing'; readonly question?: Question};

export interface PredictionScore {
  /** Null where the run could not tell. */
  readonly measured: Measured | null;
  readonly right: boolean | null;
  /** Why the run could not tell. */
  readonly doubt?: string;
}

/** The lab's own answer to the question of a seed. @throws BROKEN_LAB when it does not even fit the question. */
export function ownPrediction(lab: AnyLab, moment: PredictionMoment, seed: number): PredictionOrder | undefined {
  const {predict} = lab;
  if (predict === undefined) return undefined;
  const question = predict.ask(predictionRandom(seed), moment);
  const answer = predict.answer(predictionRandom(seed), moment);
  const problem = answerProblem(question, answer);
  if (problem !== undefined)
    throw new LabError('BROKEN_LAB', `Lab ${lab.id}: its own answer to its question does not fit: ${problem}.`);
  return {state: 'sealed', moment, question, answer, by: 'lab'};
}

/** Holds a sealed answer against what the run measured. */
export function scorePrediction(
  lab: AnyLab,
  order: Extract<PredictionOrder, {state: 'sealed'}>,
  evidence: Evidence<unknown, unknown>,
): PredictionScore {
  const measured = lab.predict?.measure(evidence, order.moment);
  if (measured === undefined) return {measured: null, right: null, doubt: 'the run did not measure it'};
  const right = isRight(order.question, order.answer, measured);
  if (!right && lab.predict?.judges === 'timing' && evidence.control.busy)
    return {measured, right: null, doubt: 'the machine was busy'};
  return {measured, right};
}

/** What `break` says of a prediction, after the attack. */
export function predictionLine(
  {question, answer}: Extract<PredictionOrder, {state: 'sealed'}>,
  {measured, right, doubt}: PredictionScore,
): string {
  const said = `You predicted ${inWords(question, answer)}`;
  if (right === null || measured === null)
    return `${said}; nothing can be said of it: ${doubt ?? 'it was not measured'}.`;
  const was = inWords(question, measured);
  return right
    ? `${said}, and so it was: ${was}.`
    : `${said}; it was ${was}. What does the system do that you did not count on?`;
}

/** Whether everything passes but for the question that a pass asks. */
export function isQuestionLeft({tasks}: Pick<CheckResult, 'tasks'>): boolean {
  return (
    tasks.some(isUnanswered) &&
    tasks.every(task => task.verdict === 'pass' || task.extra === true || isUnanswered(task))
  );
}

function isUnanswered({id, code, evidence}: TaskVerdict): boolean {
  return id === PREDICTION_ID && code === 'NOT_PREDICTED' && evidence.length > 0;
}

/** The prediction as an item of the checklist. `others`: what all other items came to; the question of a pass is put only after that. */
export function predictionVerdict(
  order: PredictionOrder,
  score: PredictionScore | undefined,
  others: Verdict,
): TaskVerdict {
  const named = {id: PREDICTION_ID, title: 'What happens was said before the run, right the first time'};
  const expected = 'one question, with parameters drawn for it, answered right before its run';
  if (order.state === 'right-before')
    return {
      ...named,
      ...pass(`answered, or the lab passed, on ${new Date(order.at).toISOString().slice(0, 10)}`, expected),
    };
  if (order.state === 'missing') return {...named, ...missing(order.question, expected, others)};
  const {question, answer, by} = order;
  const said = `${by === 'lab' ? "the lab's own answer was" : 'your answer was'} ${inWords(question, answer)}`;
  const story = [question.text];
  if (score === undefined || score.right === null || score.measured === null)
    return {
      ...named,
      ...inconclusive('NOT_SCORED', `${said}; ${score?.doubt ?? 'the run did not measure it'}`, expected, story),
    };
  const observed = `${said}; measured: ${inWords(question, score.measured)}`;
  return {
    ...named,
    ...(score.right ? pass(observed, expected, story) : fail('WRONG_PREDICTION', observed, expected, story)),
  };
}

function missing(question: Question | undefined, expected: string, others: Verdict): Judgement {
  if (others !== 'pass') return inconclusive('NOT_PREDICTED', 'it is asked once everything else passes', expected);
  if (question === undefined)
    return inconclusive(
      'NOT_PREDICTED',
      'this run repeats a seed, whose answer may be known; a check without a seed asks',
      expected,
    );
  return inconclusive('NOT_PREDICTED', 'the question has no answer yet', expected, questionLines(question));
}

/** The question as lines: its text, its options, how to answer. */
export function questionLines(question: Question): readonly string[] {
  const options =
    question.kind === 'interval' ? [] : question.options.map(({id, text}, index) => `${index + 1}. ${id}: ${text}`);
  return [question.text, ...options, `The answer is ${howToAnswer(question).words}.`];
}
