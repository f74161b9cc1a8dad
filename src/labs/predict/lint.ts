import type {AnyLab} from '../lab.ts';
import {answerProblem} from './answer.ts';
import {predictionRandom} from './draw.ts';
import type {PredictionMoment, Question} from './question.ts';

const MOMENTS: readonly PredictionMoment[] = ['break', 'check'];
const SEEDS = Array.from({length: 40}, (_, index) => index + 1);
/** A pass's question has to be another one, also after some wrong answers. */
const QUESTIONS_MIN = 4;
/** Answers that are the same for nearly every question make the question not worth asking. */
const SAME_ANSWER_MAX = 0.9;

/** What is wrong with the questions that a lab asks, from what it draws for some seeds; nothing where it asks none. */
export function questionProblems({predict}: AnyLab): readonly string[] {
  if (predict === undefined) return [];
  const problems = new Set<string>();
  for (const moment of MOMENTS) {
    const questions: string[] = [];
    const answers = new Map<string, number>();
    for (const seed of SEEDS) {
      try {
        const question = predict.ask(predictionRandom(seed), moment);
        const answer = predict.answer(predictionRandom(seed), moment);
        for (const problem of shapeProblems(question)) problems.add(`${moment}: ${problem}`);
        const unfit = answerProblem(question, answer);
        if (unfit !== undefined) problems.add(`${moment}: its own answer does not fit: ${unfit} (seed ${seed})`);
        questions.push(JSON.stringify(question));
        if (JSON.stringify(predict.ask(predictionRandom(seed), moment)) !== questions.at(-1))
          problems.add(`${moment}: the same seed asks another question (seed ${seed})`);
        const said = JSON.stringify(answer);
        answers.set(said, (answers.get(said) ?? 0) + 1);
      } catch (error) {
        problems.add(
          `${moment}: it throws for seed ${seed}: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
    const different = new Set(questions).size;
    if (questions.length > 0 && different < QUESTIONS_MIN)
      problems.add(`${moment}: ${SEEDS.length} seeds ask ${different} different questions; at least ${QUESTIONS_MIN}`);
    if (Math.max(0, ...answers.values()) > SAME_ANSWER_MAX * SEEDS.length)
      problems.add(`${moment}: nearly every question has the same answer`);
  }
  return [...problems];
}

function shapeProblems(question: Question): readonly string[] {
  if (question.text.trim() === '') return ['the question has no text'];
  if (question.kind === 'interval') return question.widthMax > 0 ? [] : ['widthMax is not above 0'];
  const ids = question.options.map(({id}) => id);
  return [
    ...(ids.length < 2 ? ['there is nothing to choose'] : []),
    ...(new Set(ids).size < ids.length ? ['two options have one id'] : []),
    ...ids.filter(id => !/^[a-z][a-z0-9]*([-.][a-z0-9]+)*$/.test(id)).map(id => `"${id}" is no id of an option`),
  ];
}
