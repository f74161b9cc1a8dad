import type {AnyLab} from '../../labs/lab.ts';
import type {Outcome} from '../command.ts';
import {withSystem} from '../connect.ts';
import type {Context} from '../context.ts';
import {type Learner, openLearner} from '../learner.ts';
import {paint} from '../output/paint.ts';
import {counted} from '../output/text.ts';
import {pathReport, renderPath} from '../render/path.ts';
import {stopSystem} from './down.ts';
import {labPage} from './lab.ts';

export interface StartFlags {
  readonly plain?: boolean;
}

export async function run(context: Context, name: string | undefined, {plain}: StartFlags): Promise<Outcome> {
  const onTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
  if (onTerminal && plain !== true && !context.json && process.env.TERM !== 'dumb') return screen(context, name);
  const learner = openLearner(context);
  const lab = name === undefined ? await learner.next() : await learner.pick(name);
  context.doing('stopping to wait; `teralab down` stops what has been started');
  await bringUp(context, learner, lab);
  if (plain === true && context.mayAsk && !context.json) {
    const {plainLoop} = await import('../plain-loop.ts');
    return plainLoop(context, learner, lab);
  }
  return 'ok';
}

/** Ink has the terminal to itself: Ctrl-C and the question what becomes of the system are its own. */
async function screen(context: Context, name: string | undefined): Promise<Outcome> {
  const lab = name === undefined ? undefined : await openLearner(context).pick(name);
  const {runScreen} = await import('../../tui/start.ts');
  const {exit, keepSystem} = await context.withoutInterrupts(async () =>
    runScreen({workspace: context.workspace, labs: context.labs, ...(lab === undefined ? {} : {lab: lab.id})}),
  );
  if (!keepSystem) await stopSystem(context, context.workspace);
  return exit === 0 ? 'ok' : 'interrupted';
}

/** The system, the path, the brief, and the commands to go on with. */
async function bringUp(context: Context, learner: Learner, lab: AnyLab | undefined): Promise<void> {
  const [labs, progress] = await Promise.all([learner.catalogue.list(), learner.progress.read()]);
  const path = pathReport(labs, progress);
  const files = lab === undefined ? [] : await learner.prepare(lab);
  context.progress.step('starting the system');
  const status = await withSystem(context, {}, async (_, up) => up);
  if (context.json) {
    context.document({system: status, path, lab: lab?.id ?? null, files});
    return;
  }
  context.line(
    `${paint.good('✔')} ${counted(status.nodes.length, 'node')} up; the gateway is at ${status.urls.gateway.join(', ')}`,
  );
  context.line();
  context.lines(renderPath(path, {width: context.width, paint}));
  if (lab !== undefined) {
    context.line();
    context.lines(await labPage(context, learner, lab));
  }
  context.line();
  context.lines(['  teralab status   the running system, and how to connect to it', '  teralab down     stop it']);
}
