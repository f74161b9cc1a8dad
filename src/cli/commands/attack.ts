import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import type {ControllerClient} from '../../controller/connection.ts';
import {LabError} from '../../errors.ts';
import {judgeAttack} from '../../labs/attack.ts';
import type {AnyLab, TimedFault, WrongFix} from '../../labs/lab.ts';
import {checkTimetable, encodeSchedule} from '../../labs/schedule.ts';
import type {CheckResult} from '../../labs/verdict.ts';
import {tellCheck} from '../check-events.ts';
import type {Outcome} from '../command.ts';
import {withSystem} from '../connect.ts';
import type {Context} from '../context.ts';
import {editedFiles, type Learner, labOrder, openLearner} from '../learner.ts';
import {paint} from '../output/paint.ts';
import {block} from '../output/text.ts';
import {parseChoice} from '../parse/choice.ts';
import {drawSeed} from '../parse/number.ts';
import {asDocumented} from './check.ts';

export interface AttackFlags {
  readonly fault?: readonly TimedFault[];
  readonly fix?: string;
  readonly seed?: number;
}

export async function run(context: Context, name: string, flags: AttackFlags): Promise<Outcome> {
  const learner = openLearner(context);
  const lab = await learner.pick(name);
  const won = (await learner.progress.read()).labs[lab.id]?.attacksWon ?? [];
  const fix = chooseFix(lab, flags.fix, won);
  if (flags.fault === undefined) return show(context, learner, {lab, fix, won});
  const faults = checkTimetable(flags.fault);
  const seed = flags.seed ?? drawSeed() % 2 ** 31;
  context.doing('stopping the attack and healing its faults');
  const results = await withSystem(context, {}, async client => {
    context.say(`Attacking wrong/${fix.name} of ${lab.id}, seed ${seed}.`);
    const wrong = await judge(context, client, {lab, faults, seed, variant: `wrong/${fix.name}`});
    if (wrong.verdict !== 'fail') return {wrong, solution: null};
    context.say('It broke. Does the reference hold under the same faults?');
    return {wrong, solution: await judge(context, client, {lab, faults, seed, variant: 'solution'})};
  });
  const {outcome, because} = judgeAttack(results.wrong, results.solution);
  if (outcome === 'won') await learner.progress.recordAttack(lab.id, fix.name);
  const code = encodeSchedule({lab: lab.id, seed, faults});
  if (context.json) {
    const {wrong, solution} = results;
    context.document({lab: lab.id, fix: fix.name, seed, faults, outcome, because, code, wrong, solution});
  } else {
    const mark = {won: paint.good('✔ Broken'), held: paint.bad('✖ Not broken'), open: paint.warn('? Open')}[outcome];
    context.lines(block(because, context.width, '  ', `${mark}:`));
    context.line(`The same against anybody's own code: \`teralab beat ${code}\``);
  }
  return outcome === 'won' ? 'ok' : outcome === 'held' ? 'fail' : 'inconclusive';
}

/** The one that was named, or the first that was not broken yet. */
function chooseFix(lab: AnyLab, name: string | undefined, won: readonly string[]): WrongFix {
  const names = lab.wrong.map(wrong => wrong.name);
  if (name !== undefined) parseChoice(name, '--fix', names);
  const wanted = name ?? names.find(each => !won.includes(each)) ?? names[0];
  const fix = lab.wrong.find(wrong => wrong.name === wanted);
  if (fix === undefined) throw new LabError('USAGE', `${lab.id} has no wrong fix to attack.`);
  return fix;
}

/** What there is to attack, and how. */
async function show(
  context: Context,
  learner: Learner,
  {lab, fix, won}: {readonly lab: AnyLab; readonly fix: WrongFix; readonly won: readonly string[]},
): Promise<Outcome> {
  const folder = join(await learner.catalogue.folder(lab.id), 'wrong', fix.name);
  const files = await Promise.all(
    editedFiles(lab, folder).map(async file => ({file, text: await readFile(file, 'utf8')})),
  );
  if (context.json) {
    context.document({lab: lab.id, fix: fix.name, files, won, fixes: lab.wrong.map(wrong => wrong.name)});
    return 'ok';
  }
  for (const {file, text} of files) context.lines([paint.faint(`// ${file}`), text.trimEnd(), '']);
  context.lines([
    ...block(`People ship it because ${fix.why}.`, context.width, ''),
    ...block(
      'Break it with one or two faults that the reference survives, in the load of this lab; its own faults stay away.',
      context.width,
      '',
    ),
    '',
    `  teralab attack ${lab.id} --fix ${fix.name} --fault "pause stream at=2s for=5s"`,
    '',
    `Broken so far: ${won.length} of ${lab.wrong.length}. \`teralab chaos kinds\` lists the faults.`,
  ]);
  return 'ok';
}

async function judge(
  context: Context,
  client: ControllerClient,
  {lab, faults, seed, variant}: {lab: AnyLab; faults: readonly TimedFault[]; seed: number; variant: string},
): Promise<CheckResult> {
  const params = {...labOrder(context, lab), seed, variant, faults};
  const result = await client.call('check', params, tellCheck(context, {tasks: true}), context.signal);
  context.progress.stop();
  return asDocumented(result);
}
