import type {ControllerClient} from '../../controller/connection.ts';
import type {AnyLab} from '../../labs/lab.ts';
import type {CheckResult} from '../../labs/verdict.ts';
import {tellCheck} from '../check-events.ts';
import type {Outcome} from '../command.ts';
import {withSystem} from '../connect.ts';
import type {Context} from '../context.ts';
import {labOrder, openLearner} from '../learner.ts';
import {seconds} from '../output/figures.ts';
import {paint} from '../output/paint.ts';
import {block, counted} from '../output/text.ts';
import {drawSeed} from '../parse/number.ts';
import {renderCheck} from '../render/verdict.ts';
import {asDocumented} from './check.ts';
import {stopSystem} from './down.ts';

export interface DemoFlags {
  readonly seed?: number;
}

/** The shortest way to see the whole loop. */
const LAB_DEFAULT = 'p0-00-first-break';
const TRIES_MAX = 2;

export async function run(context: Context, name: string | undefined, flags: DemoFlags): Promise<Outcome> {
  const learner = openLearner(context);
  const lab = await learner.pick(name ?? LAB_DEFAULT);
  const {title} = lab;
  const seed = flags.seed ?? drawSeed() % 2 ** 31;
  const wasRunning = await isRunning(context);
  const started = Date.now();
  const tell = narrator(context);
  tell.line(paint.strong(`${lab.id}: ${title}`));
  tell.line(`A real system, broken on purpose; the number to watch: ${lab.watch}.`);
  context.doing('stopping the check, healing its faults, and stopping the system if it was not running before');
  let interrupted = false;
  try {
    const results = await withSystem(context, {}, async (client, status) => {
      tell.step(
        1,
        `The system is up: ${status.nodes.map(node => node.name).join(', ')} (${seconds(Date.now() - started)}).`,
      );
      tell.step(2, `Break it, with the code that the lab starts with (seed ${seed}).`);
      const start = await judge(context, client, lab, 'start', seed);
      tell.result(start);
      tell.step(3, `Put the reference solution in its place, and run the very same faults again (seed ${seed}).`);
      const solution = await judge(context, client, lab, 'solution', seed);
      tell.result(solution);
      return {start, solution};
    });
    return conclude(context, lab, results, seed);
  } catch (error) {
    interrupted = context.signal.aborted;
    throw error;
  } finally {
    if (!wasRunning) await stopAfter(context, interrupted);
  }
}

async function isRunning(context: Context): Promise<boolean> {
  const client = await context.controllers.find(context.workspace);
  client?.close();
  return client !== undefined;
}

async function judge(
  context: Context,
  client: ControllerClient,
  lab: AnyLab,
  variant: 'start' | 'solution',
  seed: number,
): Promise<CheckResult> {
  for (let attempt = 1; ; attempt++) {
    const result = await client.call(
      'check',
      {...labOrder(context, lab), seed, variant},
      tellCheck(context, {tasks: false}),
      context.signal,
    );
    context.progress.stop();
    if (result.verdict !== 'inconclusive' || attempt >= TRIES_MAX) return asDocumented(result);
    context.say('The machine was too busy to tell; once more.');
  }
}

function conclude(
  context: Context,
  lab: AnyLab,
  {start, solution}: {readonly start: CheckResult; readonly solution: CheckResult},
  seed: number,
): Outcome {
  const shown = start.verdict === 'fail' && solution.verdict === 'pass';
  const open = !shown && [start, solution].some(({verdict}) => verdict === 'inconclusive');
  if (context.json) {
    context.document({lab: lab.id, seed, ok: shown, start, solution});
  } else {
    context.line();
    if (shown) {
      context.line(`${paint.good('✔')} The start failed, the reference passed: same system, same faults, same seed.`);
      context.line(`Your turn: \`teralab start ${lab.id}\``);
    } else if (open) {
      context.line(
        `${paint.warn('?')} This run proves nothing: start ${start.verdict}, reference ${solution.verdict}. The machine may be busy; try again.`,
      );
    } else {
      context.line(
        `${paint.bad('✖')} The start was to fail and the reference to pass; they came to ${start.verdict} and ${solution.verdict}.`,
      );
    }
  }
  return shown ? 'ok' : open ? 'inconclusive' : 'fail';
}

/** The demo leaves things as it found them. After Ctrl-C the signal is spent, so the system is stopped without it. */
async function stopAfter(context: Context, interrupted: boolean): Promise<void> {
  try {
    await stopSystem(interrupted ? {...context, signal: new AbortController().signal} : context, context.workspace);
    if (!interrupted && !context.json) context.line('The system was stopped again.');
  } catch (error) {
    context.say(
      `The system could not be stopped: ${error instanceof Error ? error.message : String(error)} \`teralab down\` tries again.`,
    );
  }
}

interface Narrator {
  line(text: string): void;
  step(number: number, text: string): void;
  result(result: CheckResult): void;
}

/** The story is the data of a demo, so it goes to stdout; with `--json` it becomes progress. */
function narrator(context: Context): Narrator {
  const line = (text: string): void => (context.json ? context.say(text) : context.line(text));
  return {
    line,
    step: (number, text) => {
      line('');
      for (const each of block(text, context.width, '   ', `${number}.`)) line(each);
    },
    result: result => {
      if (context.json) {
        line(`${result.verdict}: ${counted(result.tasks.length, 'task')}`);
        return;
      }
      line('');
      for (const each of renderCheck(result, {width: context.width, paint})) line(each);
    },
  };
}
