import type {ControllerClient} from '../../controller/connection.ts';
import type {CheckOptions} from '../../controller/protocol.ts';
import {LabError} from '../../errors.ts';
import type {AnyLab} from '../../labs/lab.ts';
import {isQuestionLeft} from '../../labs/predict/item.ts';
import {type CheckResult, combine} from '../../labs/verdict.ts';
import {checklistOf} from '../../labs/your-tests/item.ts';
import {nearest} from '../../nearest.ts';
import {tellCheck} from '../check-events.ts';
import type {Outcome} from '../command.ts';
import {withSystem} from '../connect.ts';
import type {Context} from '../context.ts';
import {labOrder, openLearner} from '../learner.ts';
import {paint} from '../output/paint.ts';
import {counted, listed} from '../output/text.ts';
import {sealFirst} from '../predict.ts';
import {codesText, renderCheck, verdictLine} from '../render/verdict.ts';

export interface CheckFlags {
  readonly seed?: number;
  readonly task?: string;
  readonly quick?: boolean;
  readonly watch?: boolean;
  readonly all?: boolean;
  readonly predict?: string;
}

export const OUTCOME = {pass: 'ok', fail: 'fail', inconclusive: 'inconclusive'} as const satisfies Record<
  CheckResult['verdict'],
  Outcome
>;

export async function run(context: Context, name: string | undefined, flags: CheckFlags): Promise<Outcome> {
  context.doing('stopping the check and healing its faults');
  if (flags.all === true) return checkAll(context, name, flags);
  const learner = openLearner(context);
  const lab = await learner.pick(name);
  const options = checkOptions(context, lab, flags);
  if (flags.predict !== undefined) refuseBeside(flags);
  const files = await learner.prepare(lab);
  if (flags.watch === true) {
    const {watchAndCheck} = await import('../watch-check.ts');
    return watchAndCheck(context, files, async () => printCheck(context, await check(context, options), 'record'));
  }
  const result = await checkAndAsk(context, lab, options, flags.predict);
  printCheck(context, result, 'document');
  return OUTCOME[result.verdict];
}

/** Where only the question of a pass is left and somebody can be asked, it is put at once, and its own run follows. */
async function checkAndAsk(
  context: Context,
  lab: AnyLab,
  options: CheckOptions,
  answer: string | undefined,
): Promise<CheckResult> {
  context.say(`Checking ${lab.id}.`);
  return withSystem(context, {}, async client => {
    if (answer !== undefined) await sealFirst(context, client, lab, 'check', {answer, insist: false});
    const result = await runCheck(context, client, options);
    if (!context.mayAsk || !isQuestionLeft(result) || options.seed !== undefined) return result;
    if (!context.json) context.lines(renderCheck(result, {width: context.width, paint}));
    context.say('One question is left. Its own run follows.');
    await sealFirst(context, client, lab, 'check', {insist: true});
    return runCheck(context, client, options);
  });
}

function refuseBeside({seed, task, quick, watch}: CheckFlags): void {
  if (seed !== undefined || task !== undefined || quick === true || watch === true)
    throw new LabError(
      'USAGE',
      '`--predict` answers the question of a whole check with a seed of its own; it goes with none of --seed, --task, --quick and --watch.',
    );
}

/** Runs one check on this workspace's system and tells it as it goes. */
export async function check(context: Context, options: CheckOptions): Promise<CheckResult> {
  context.say(`Checking ${options.lab}.`);
  return withSystem(context, {}, async client => runCheck(context, client, options));
}

export async function runCheck(
  context: Context,
  client: ControllerClient,
  options: CheckOptions,
): Promise<CheckResult> {
  const result = await client.call('check', options, tellCheck(context, {tasks: false}), context.signal);
  context.progress.stop();
  return asDocumented(result);
}

/** Exactly what `check --json` promises, in its order. */
export function asDocumented({lab, verdict, seed, runtime, tasks, durationMs}: CheckResult): CheckResult {
  return {
    lab,
    verdict,
    seed,
    runtime,
    tasks: tasks.map(({id, title, verdict: each, code, observed, expected, evidence, extra}) => ({
      id,
      title,
      verdict: each,
      code,
      observed,
      expected,
      evidence,
      ...(extra === true ? {extra} : {}),
    })),
    durationMs: Math.round(durationMs),
  };
}

function checkOptions(context: Context, lab: AnyLab, {seed, task, quick}: CheckFlags): CheckOptions {
  const ids = checklistOf(lab).map(({id}) => id);
  if (task !== undefined && !ids.includes(task)) {
    const close = nearest(task, ids);
    throw new LabError(
      'UNKNOWN_TASK',
      `${lab.id} has no task "${task}"; it has ${listed(ids)}.${close === undefined ? '' : ` Did you mean ${close}?`}`,
    );
  }
  return {
    ...labOrder(context, lab),
    ...(seed === undefined ? {} : {seed}),
    ...(task === undefined ? {} : {task}),
    ...(quick === true ? {quick} : {}),
  };
}

function printCheck(context: Context, result: CheckResult, how: 'document' | 'record'): void {
  if (context.json) {
    if (how === 'record') context.record(result);
    else context.document(result);
    return;
  }
  context.lines(renderCheck(result, {width: context.width, paint}));
  context.say(nextStep(result));
}

function nextStep(result: CheckResult): string {
  const {lab, verdict, seed} = result;
  if (isQuestionLeft(result))
    return `All but the question is passed: \`teralab check ${lab} --predict ANSWER\` seals your answer and runs what it asks.`;
  if (verdict === 'pass') {
    const also = result.tasks.some(task => task.verdict === 'fail')
      ? `; \`teralab hint ${lab}\` has a question about the extra task`
      : '';
    return `\`teralab solution ${lab}\` shows the reference, the debrief and the popular wrong fixes${also}.`;
  }
  if (verdict === 'fail')
    return `\`teralab hint ${lab}\` asks a question about it; \`teralab check ${lab} --seed ${seed}\` repeats this very run.`;
  return `Neither passed nor failed: \`teralab check ${lab}\` tries again.`;
}

/** Judges again everything that was passed before. */
async function checkAll(
  context: Context,
  name: string | undefined,
  {seed, task, quick, watch, predict}: CheckFlags,
): Promise<Outcome> {
  if (name !== undefined || task !== undefined || quick === true || watch === true || predict !== undefined)
    throw new LabError(
      'USAGE',
      '`--all` judges every lab that you passed; it takes no lab, and none of --task, --quick, --watch and --predict.',
    );
  const learner = openLearner(context);
  const {labs: progress} = await learner.progress.read();
  const passed = (await learner.catalogue.list()).filter(lab => (progress[lab.id]?.passes.length ?? 0) > 0);
  const results: CheckResult[] = [];
  for (const lab of passed) {
    await learner.prepare(lab);
    const result = await check(context, checkOptions(context, lab, seed === undefined ? {} : {seed}));
    results.push(result);
    if (!context.json)
      context.line(
        `${verdictLine(result, {width: context.width, paint})}${result.verdict === 'pass' ? '' : ` ${codesText(result)}`}`,
      );
  }
  if (context.json) context.document(results);
  else context.line(summaryOfAll(results));
  return results.length === 0 ? 'ok' : OUTCOME[combine(results.map(({verdict}) => verdict))];
}

function summaryOfAll(results: readonly CheckResult[]): string {
  if (results.length === 0) return 'Nothing was passed yet, so nothing can have regressed.';
  const regressed = results.filter(({verdict}) => verdict === 'fail').map(({lab}) => lab);
  if (regressed.length === 0) return `Nothing regressed: ${counted(results.length, 'lab')} judged again.`;
  return `Regressed: ${listed(regressed)}.`;
}
