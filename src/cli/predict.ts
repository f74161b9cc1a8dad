import type {ControllerClient} from '../controller/connection.ts';
import type {AskedPrediction} from '../controller/protocol.ts';
import {LabError} from '../errors.ts';
import type {AnyLab} from '../labs/lab.ts';
import {howToAnswer, inWords} from '../labs/predict/answer.ts';
import {questionLines} from '../labs/predict/item.ts';
import type {PredictionMoment, Question} from '../labs/predict/question.ts';
import type {Context} from './context.ts';
import {labOrder} from './learner.ts';
import {block} from './output/text.ts';

export interface PredictOptions {
  readonly seed?: number | undefined;
  /** `--predict`, as it was typed. */
  readonly answer?: string | undefined;
  /** Whether the question is put where no answer was given; otherwise it waits. */
  readonly insist: boolean;
}

/**
 * Has the prediction sealed that is due: the one of `--predict`, or what is answered at the prompt. Gives what is sealed, or undefined.
 *
 * @throws PREDICTION_NEEDED that states the question and names the flag, where nobody can be asked.
 */
export async function sealFirst(
  context: Context,
  client: ControllerClient,
  lab: AnyLab,
  moment: PredictionMoment,
  {seed, answer, insist}: PredictOptions,
): Promise<AskedPrediction | undefined> {
  if (lab.predict === undefined) {
    if (answer !== undefined) throw new LabError('USAGE', `${lab.id} asks for no prediction.`);
    return undefined;
  }
  const asked = await client.call('predict.ask', {
    ...labOrder(context, lab),
    moment,
    ...(seed === undefined ? {} : {seed}),
  });
  if (asked === null) {
    if (answer !== undefined) context.say('No prediction is due any more; this one is not counted.');
    return undefined;
  }
  const seal = async (typed: string): Promise<AskedPrediction> =>
    client.call('predict.seal', {...labOrder(context, lab), moment, seed: asked.seed, answer: typed});
  if (asked.sealed !== null) {
    if (answer !== undefined) throw new LabError('PREDICTION_SEALED', sealedText(asked));
    return told(context, asked);
  }
  if (answer !== undefined) return told(context, await seal(answer));
  if (!insist) return undefined;
  const lines = questionLines(asked.question);
  context.progress.stop();
  if (!context.mayAsk) {
    const flags = seed === undefined ? '' : ` --seed ${seed}`;
    const command = `teralab ${moment} ${lab.id}${flags} --predict ${howToAnswer(asked.question).example}`;
    throw new LabError('PREDICTION_NEEDED', ['A prediction comes first.', ...lines, `\`${command}\``].join('\n'));
  }
  return told(context, await prompt(context, asked.question, seal));
}

function told(context: Context, asked: AskedPrediction): AskedPrediction {
  context.say(sealedText(asked));
  return asked;
}

function sealedText({question, sealed}: AskedPrediction): string {
  return `Sealed: ${sealed === null ? 'nothing' : inWords(question, sealed)}. ${question.text}`;
}

/** Asks until an answer fits. Prompts are no data: they belong on stderr. */
async function prompt(
  context: Context,
  question: Question,
  seal: (typed: string) => Promise<AskedPrediction>,
): Promise<AskedPrediction> {
  const {default: inquirer} = await import('inquirer');
  const ask = inquirer.createPromptModule({output: process.stderr});
  for (const line of questionLines(question).flatMap(each => block(each, context.width, '  '))) context.say(line);
  for (;;) {
    const {typed} = await context.withoutInterrupts(async () =>
      ask<{typed: string}>([{type: 'input', name: 'typed', message: 'Your prediction:'}]),
    );
    try {
      return await seal(typed);
    } catch (error) {
      if (!(error instanceof LabError) || error.code !== 'BAD_PREDICTION') throw error;
      context.say(error.message);
    }
  }
}
