import type {Outcome} from '../command.ts';
import type {Context} from '../context.ts';
import {openLearner} from '../learner.ts';
import {paint} from '../output/paint.ts';
import {pathReport, renderPath} from '../render/path.ts';

export async function run(context: Context): Promise<Outcome> {
  const {catalogue, progress} = openLearner(context);
  const report = pathReport(await catalogue.list(), await progress.read());
  if (context.json) context.document(report);
  else context.lines(renderPath(report, {width: context.width, paint}));
  return 'ok';
}
