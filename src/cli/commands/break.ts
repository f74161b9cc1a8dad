import {tellCheck} from '../check-events.ts';
import type {Outcome} from '../command.ts';
import {withSystem} from '../connect.ts';
import type {Context} from '../context.ts';
import {labOrder, openLearner} from '../learner.ts';
import {seconds} from '../output/figures.ts';
import {paint} from '../output/paint.ts';
import {block} from '../output/text.ts';
import {sealFirst} from '../predict.ts';

export interface BreakFlags {
  readonly seed?: number;
  readonly predict?: string;
}

export async function run(context: Context, name: string | undefined, {seed, predict}: BreakFlags): Promise<Outcome> {
  context.doing('stopping the attack and healing its faults');
  const learner = openLearner(context);
  const lab = await learner.pick(name);
  await learner.prepare(lab);
  const result = await withSystem(context, {}, async client => {
    await sealFirst(context, client, lab, 'break', {seed, answer: predict, insist: true});
    context.say(`Breaking ${lab.id}. The number to watch: ${lab.watch}.`);
    return client.call(
      'break',
      {...labOrder(context, lab), ...(seed === undefined ? {} : {seed})},
      tellCheck(context, {tasks: true}),
      context.signal,
    );
  });
  context.progress.stop();
  if (context.json) {
    context.document(result);
    return 'ok';
  }
  context.lines(result.summary.flatMap(line => block(line, context.width, '  ', '•')));
  context.line(paint.faint(`${result.lab}, seed ${result.seed}, ${seconds(result.durationMs)}`));
  context.say(`\`teralab edit ${lab.id}\` opens your file; \`teralab check ${lab.id}\` judges it.`);
  return 'ok';
}
