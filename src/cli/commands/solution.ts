import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {LabError} from '../../errors.ts';
import {referenceFiles} from '../../labs/reference-files.ts';
import type {Outcome} from '../command.ts';
import type {Context} from '../context.ts';
import {openLearner} from '../learner.ts';
import {paint} from '../output/paint.ts';
import {block} from '../output/text.ts';
import {renderMarkdown} from '../render/markdown.ts';

export interface SolutionFlags {
  readonly reveal?: boolean;
}

export async function run(context: Context, name: string | undefined, {reveal}: SolutionFlags): Promise<Outcome> {
  const {pick, progress, catalogue} = openLearner(context);
  const lab = await pick(name, 'back');
  const standing = (await progress.read()).labs[lab.id];
  const passed = (standing?.passes.length ?? 0) > 0;
  if (!passed) {
    if (reveal !== true) throw new LabError('NOT_PASSED_YET', `The reference of ${lab.id} is shown after a pass.`);
    await progress.recordReveal(lab.id);
  }
  const folder = join(await catalogue.folder(lab.id), 'solution');
  const files = await Promise.all(
    referenceFiles(lab, standing, reveal === true).map(async name => {
      const file = join(folder, name);
      return {file, text: await readFile(file, 'utf8')};
    }),
  );
  const {debrief} = await catalogue.texts(lab.id);
  if (context.json) {
    context.document({lab: lab.id, files, debrief, wrong: lab.wrong});
    return 'ok';
  }
  const {width} = context;
  for (const {file, text} of files) {
    context.line(paint.faint(`// ${file}`));
    context.line(text.trimEnd());
    context.line();
  }
  context.lines(renderMarkdown(debrief, {width, paint}));
  context.line();
  context.line(paint.strong('Popular wrong fixes'));
  context.lines(
    lab.wrong.flatMap(wrong =>
      block(`${wrong.name}: ${wrong.why} (refused by ${wrong.task}: ${wrong.code})`, width, '  ', '•'),
    ),
  );
  return 'ok';
}
