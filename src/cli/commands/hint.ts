import {LabError} from '../../errors.ts';
import {nextHint} from '../../labs/hints.ts';
import type {Outcome} from '../command.ts';
import type {Context} from '../context.ts';
import {openLearner} from '../learner.ts';
import {paint} from '../output/paint.ts';
import {renderMarkdown} from '../render/markdown.ts';

export async function run(context: Context, name: string | undefined): Promise<Outcome> {
  const {pick, progress, catalogue} = openLearner(context);
  const lab = await pick(name);
  const standing = (await progress.read()).labs[lab.id];
  if (standing?.last == null) throw new LabError('NOTHING_CHECKED', `No check of ${lab.id} is on record.`);
  const failed = standing.last.codes.filter(({verdict}) => verdict === 'fail');
  const {hints} = await catalogue.texts(lab.id);
  const next = nextHint(hints, failed, standing.hintsShown);
  if (next === undefined) {
    const why =
      failed.length === 0
        ? `the last check of ${lab.id} found nothing that failed`
        : `${lab.id} has no hint for ${failed.map(({code}) => code).join(', ')}`;
    if (context.json) context.document({lab: lab.id, task: null, code: null, level: null, levels: null, text: null});
    else context.line(`No hint: ${why}.`);
    return 'ok';
  }
  await progress.recordHint(lab.id, next.key);
  const {task, code, level, text} = next.hint;
  if (context.json) {
    context.document({lab: lab.id, task, code, level, levels: next.levels, text});
    return 'ok';
  }
  context.line(paint.strong(`${lab.id}: ${task}, ${code} (hint ${level} of ${next.levels})`));
  context.lines(renderMarkdown(text, {width: context.width, paint}));
  if (level < next.levels) context.say(`\`teralab hint ${lab.id}\` says more.`);
  else if (next.repeated)
    context.say(
      `That was the last hint; \`teralab solution ${lab.id} --reveal\` shows the reference (it is recorded).`,
    );
  return 'ok';
}
