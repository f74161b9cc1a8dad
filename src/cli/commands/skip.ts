import type {Outcome} from '../command.ts';
import type {Context} from '../context.ts';
import {openLearner} from '../learner.ts';

export async function run(context: Context, name: string | undefined): Promise<Outcome> {
  const {pick, progress, next} = openLearner(context);
  const lab = await pick(name);
  const {skipped, passes} = await progress.recordSkip(lab.id);
  const following = await next();
  if (context.json) {
    context.document({
      lab: lab.id,
      status: passes.length > 0 ? 'passed' : 'skipped',
      skipped,
      next: following?.id ?? null,
    });
    return 'ok';
  }
  context.line(
    passes.length > 0
      ? `${lab.id} is passed already; it stays so.`
      : `${lab.id} is skipped. Skipped is never done: it stays on the path.`,
  );
  if (following !== undefined) context.line(`Next: ${following.id}`);
  return 'ok';
}
