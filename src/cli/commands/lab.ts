import type {AnyLab} from '../../labs/lab.ts';
import {standingOf} from '../../labs/status.ts';
import {checklistOf} from '../../labs/your-tests/item.ts';
import type {Outcome} from '../command.ts';
import type {Context} from '../context.ts';
import {type Learner, learnersFiles, openLearner} from '../learner.ts';
import {paint} from '../output/paint.ts';
import {block} from '../output/text.ts';
import {renderMarkdown} from '../render/markdown.ts';
import {standingText, weeksText} from '../render/path.ts';
import {labFacts} from './labs.ts';

export async function run(context: Context, name: string): Promise<Outcome> {
  const learner = openLearner(context);
  const lab = await learner.pick(name);
  if (!context.json) {
    context.lines(await labPage(context, learner, lab));
    return 'ok';
  }
  const [ids, progress, {brief}] = await Promise.all([
    learner.catalogue.ids(),
    learner.progress.read(),
    learner.catalogue.texts(lab.id),
  ]);
  const tasks = checklistOf(lab);
  const files = learnersFiles(lab, learner.workspace.labFolder(lab.id));
  context.document({
    ...labFacts(lab),
    status: standingOf(lab, progress, ids).status,
    needs: lab.needs,
    watch: lab.watch,
    tasks,
    files,
    brief,
  });
  return 'ok';
}

/** The brief with what surrounds it: where the lab stands, its tasks, the file to edit, the commands to go on with. */
export async function labPage(
  {width}: Context,
  {catalogue, progress, workspace}: Learner,
  lab: AnyLab,
): Promise<string[]> {
  const [ids, data, {brief}] = await Promise.all([catalogue.ids(), progress.read(), catalogue.texts(lab.id)]);
  const standing = standingOf(lab, data, ids);
  const facts = [
    lab.phase === 0 ? 'all phases' : `phase ${lab.phase}`,
    `${lab.weeks.length === 1 ? 'week' : 'weeks'} ${weeksText(lab.weeks)}`,
    lab.objective,
    `about ${lab.minutes} min`,
  ].join(' · ');
  return [
    ...renderMarkdown(brief, {width, paint}),
    '',
    ...block(facts, width, '          ', 'Lab'),
    ...block(standingText(standing, paint), width, '          ', 'Status'),
    ...(lab.timescale === undefined ? [] : block(lab.timescale, width, '          ', 'Time')),
    ...checklistOf(lab).flatMap(({id, title, extra}, index) =>
      block(`${id}: ${title}${extra === true ? ' (extra)' : ''}`, width, '          ', index === 0 ? 'Tasks' : ''),
    ),
    ...(lab.predict === undefined
      ? []
      : block('what will happen, before the attack, and once more for a pass', width, '          ', 'Asks')),
    ...learnersFiles(lab, workspace.labFolder(lab.id)).map(
      (file, index) => `${index === 0 ? 'Edit' : ''}`.padEnd(10) + file,
    ),
    '',
    `  teralab break ${lab.id}   see it fail`,
    `  teralab edit ${lab.id}    change your file`,
    `  teralab check ${lab.id}   have it judged`,
  ];
}
