import {basename, dirname, extname, join, resolve} from 'node:path';
import {stringify} from 'yaml';
import {LabError} from '../../errors.ts';
import {SYSTEM_CLOCK} from '../../faults/experiments/clock.ts';
import {type Experiment, needsSystem} from '../../faults/experiments/experiment.ts';
import type {Journal} from '../../faults/experiments/journal.ts';
import type {SystemPort} from '../../faults/experiments/ports.ts';
import {writeDuration} from '../../faults/experiments/quantities.ts';
import {type Candidate, shrink as shrinkCandidate} from '../../faults/experiments/shrink.ts';
import {shrinkables, withFaults} from '../../faults/experiments/shrink-document.ts';
import {writeAtomically} from '../../files.ts';
import type {Outcome} from '../command.ts';
import type {Context} from '../context.ts';
import {counted} from '../output/text.ts';
import {drawSeed, SEED_MAX} from '../parse/number.ts';
import {checkText, needExperiment, shownPath} from './read-experiment.ts';
import {recoverRuns} from './recover.ts';
import {type RunFlags, runOnce, withClient} from './run.ts';
import {type HeldSystem, holdSystem} from './system-port.ts';

export interface ShrinkFlags extends Pick<RunFlags, 'seed' | 'up'> {
  readonly runsMax?: number;
  readonly seeds?: number;
  readonly out?: string;
}

const RUNS_MAX_DEFAULT = 30;
/** Between two runs all nodes have to be ready again within this time, ms. */
const RECOVERED_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 500;

/** `teralab chaos shrink FILE`. Errors: BAD_VALUE where there is no fault to take away, NOT_RUNNING, INTERRUPTED. */
export async function shrink(context: Context, fileOrName: string, flags: ShrinkFlags): Promise<Outcome> {
  await recoverRuns(context);
  const {file, experiment} = await needExperiment(fileOrName);
  const start = shrinkables(experiment);
  if (!needsSystem(experiment) || start.length === 0)
    throw new LabError('BAD_VALUE', `The method of ${shownPath(file)} injects no fault: there is nothing to shrink.`);
  const seed = flags.seed ?? experiment.seed ?? drawSeed();
  const seeds = Array.from({length: flags.seeds ?? 1}, (_, index) => (seed + index) % (SEED_MAX + 1));
  const {runsMax = RUNS_MAX_DEFAULT} = flags;
  return withClient(context, experiment, flags, async client => {
    if (client === undefined) throw new LabError('INTERNAL', 'There is no system to shrink on.');
    const system = await holdSystem(client, `${experiment.title} (shrinking)`);
    const trial: Trial = {context, system, file, experiment, seeds};
    context.say(`${counted(start.length, 'fault')} to begin with: ${describe(experiment, start)}`);
    if (!(await fails(trial, start))) {
      if (context.json) context.document({file, seeds, fails: false, runs: 1, minimal: null, faults: null, out: null});
      else context.line('It does not fail: there is nothing to shrink.');
      return 'inconclusive';
    }
    const found = await shrinkCandidate(start, async candidate => fails(trial, candidate), {
      // The first run is behind us.
      runsMax: Math.floor(runsMax / seeds.length) - 1,
      onTried: (candidate, isFailing, runs) =>
        context.say(`${runs + 1}. ${isFailing ? 'fails' : 'holds'} with ${describe(experiment, candidate)}`),
    });
    const out = resolve(flags.out ?? join(dirname(file), `${basename(file, extname(file))}.shrunk.yaml`));
    await writeAtomically(out, stringify(smallerDocument(experiment, found.smallest)), 0o644);
    const {smallest, isMinimal} = found;
    const runs = found.runs + 1;
    if (context.json)
      context.document({
        file,
        seeds,
        fails: true,
        runs,
        minimal: isMinimal,
        faults: smallest.map(fault => named(experiment, fault)),
        out,
      });
    else {
      context.line(`It still fails with ${describe(experiment, smallest)}.`);
      context.line(
        `${counted(runs, 'candidate')} tried; ${isMinimal ? 'nothing less fails' : 'the runs were used up before all was tried'}.`,
      );
      context.line(`Written to ${shownPath(out)}.`);
    }
    return 'ok';
  });
}

interface Trial {
  readonly context: Context;
  readonly system: HeldSystem;
  readonly file: string;
  readonly experiment: Experiment;
  readonly seeds: readonly number[];
}

/** Whether the experiment fails or deviates with these faults, with any of the seeds. A run that never came to its method says nothing. */
async function fails({context, system, file, experiment: whole, seeds}: Trial, candidate: Candidate): Promise<boolean> {
  const {experiment} = checkText(JSON.stringify(smallerDocument(whole, candidate)));
  if (experiment === undefined) throw new LabError('INTERNAL', 'A smaller experiment is not one any more.');
  for (const seed of seeds) {
    await recovered(context, system);
    const {result} = await runOnce(context, {
      system,
      file,
      experiment: {...experiment, secrets: whole.secrets},
      seed,
      talks: false,
      writesReport: false,
    });
    context.signal.throwIfAborted();
    system.stopped.throwIfAborted();
    if (isFailing(result.journal)) return true;
  }
  return false;
}

function isFailing({status, deviated, steady_states: {before}, because}: Journal): boolean {
  if (before?.steady_state_met === false)
    throw new LabError(
      'NODE_NOT_READY',
      `The system did not come back to its steady state between two runs. ${because ?? ''}`,
    );
  return deviated || status === 'failed';
}

/** Waits until all nodes are ready again. Errors: NODE_NOT_READY. */
async function recovered(context: Context, system: SystemPort): Promise<void> {
  const until = Date.now() + RECOVERED_WITHIN_MS;
  for (;;) {
    context.signal.throwIfAborted();
    const state = await system.probe({kind: 'status'}, Date.now());
    if (state === 'ready') return;
    if (Date.now() > until)
      throw new LabError(
        'NODE_NOT_READY',
        `The system did not recover within ${RECOVERED_WITHIN_MS / 1000} s: ${String(state)}.`,
      );
    context.progress.step('waiting for the system to recover');
    await SYSTEM_CLOCK.sleep(LOOK_EVERY_MS, context.signal);
  }
}

function smallerDocument(experiment: Experiment, candidate: Candidate): Record<string, unknown> {
  return withFaults(experiment.document, experiment, candidate);
}

function describe(experiment: Experiment, candidate: Candidate): string {
  if (candidate.length === 0) return 'no fault at all';
  return candidate
    .map(fault => named(experiment, fault))
    .map(({name, kind, target, for: lasts, ...rest}) => {
      const figures = Object.entries(rest.magnitudes).map(([attribute, value]) => `${attribute} ${value}`);
      return `${name} (${[`${kind} on ${target}`, ...figures, `for ${lasts}`].join(', ')})`;
    })
    .join('; ');
}

function named(experiment: Experiment, {index, forMs, magnitudes}: Candidate[number]) {
  const activity = experiment.method[index];
  const provider = activity?.provider;
  const [kind, target] =
    provider?.type === 'teralab' && provider.does === 'fault' ? [provider.kind, provider.target] : ['', ''];
  return {name: activity?.name ?? '', kind, target, for: writeDuration(forMs), magnitudes};
}
