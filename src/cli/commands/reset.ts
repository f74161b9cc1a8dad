import type {Outcome} from '../command.ts';
import type {Context} from '../context.ts';
import {learnersFiles, openLearner} from '../learner.ts';

export async function run(context: Context, name: string | undefined): Promise<Outcome> {
  const learner = openLearner(context);
  const lab = await learner.pick(name);
  await learner.workspace.ensure();
  const kept = await learner.workspace.resetLab(lab, await learner.catalogue.folder(lab.id));
  const files = learnersFiles(lab, learner.workspace.labFolder(lab.id));
  if (context.json) {
    context.document({lab: lab.id, files, kept: kept ?? null});
    return 'ok';
  }
  context.line(`Fresh start files: ${files.join(', ')}`);
  context.line(kept === undefined ? 'There was nothing of yours to keep.' : `Yours are in ${kept}`);
  return 'ok';
}
