import {LabError} from '../../errors.ts';
import type {TimedFault} from '../../labs/lab.ts';
import {checkTimetable, decodeSchedule, encodeSchedule, type Schedule} from '../../labs/schedule.ts';
import type {Outcome} from '../command.ts';
import {withSystem} from '../connect.ts';
import type {Context} from '../context.ts';
import {labOrder, openLearner} from '../learner.ts';
import {paint} from '../output/paint.ts';
import {drawSeed} from '../parse/number.ts';
import {renderCheck} from '../render/verdict.ts';
import {OUTCOME, runCheck} from './check.ts';

export interface BeatFlags {
  readonly fault?: readonly TimedFault[];
  readonly seed?: number;
}

/** The learner's own code under somebody's schedule, or under one that is made here for somebody else. */
export async function run(context: Context, codeOrLab: string, flags: BeatFlags): Promise<Outcome> {
  const learner = openLearner(context);
  const isCode = /^tl\d+-/.test(codeOrLab);
  if (isCode && (flags.fault !== undefined || flags.seed !== undefined))
    throw new LabError('USAGE', 'A code carries its seed and its faults; --seed and --fault make a new one of a lab.');
  const wanted = isCode ? decodeSchedule(codeOrLab) : await newSchedule(codeOrLab, flags);
  const lab = await learner.pick(wanted.lab);
  await learner.prepare(lab);
  const {seed, faults} = wanted;
  context.doing('stopping the check and healing its faults');
  const result = await withSystem(context, {}, async client => {
    context.say(
      `${lab.id} with seed ${seed} and ${faults === null ? "the lab's own faults" : faults.map(inWords).join(', ')}.`,
    );
    const order = {...labOrder(context, lab), seed, schedule: true, ...(faults === null ? {} : {faults})};
    return runCheck(context, client, order);
  });
  const code = encodeSchedule({lab: lab.id, seed, faults});
  if (context.json) context.document({code, faults, result});
  else {
    context.lines(renderCheck(result, {width: context.width, paint}));
    context.line(`Let others try: \`teralab beat ${code}\`. It is no check: nothing of it counts as progress.`);
  }
  return OUTCOME[result.verdict];
}

async function newSchedule(lab: string, {fault, seed}: BeatFlags): Promise<Schedule> {
  return {
    lab,
    seed: seed ?? drawSeed() % 2 ** 31,
    faults: fault === undefined ? null : checkTimetable(fault),
  };
}

function inWords({kind, target, atMs, forMs}: TimedFault): string {
  return `${kind} ${target} at ${atMs / 1_000} s for ${forMs / 1_000} s`;
}
