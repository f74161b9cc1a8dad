import type {JudgedFile} from '../build-seam.ts';
import type {Evidence, LabTask} from '../lab.ts';
import {rememberRun} from '../pace.ts';
import {
  type PredictionOrder,
  type PredictionScore,
  predictionLine,
  predictionVerdict,
  scorePrediction,
} from '../predict/item.ts';
import {combine, type Judgement, type TaskVerdict} from '../verdict.ts';
import {runAttack} from './attack.ts';
import {inLab, runBaseline, unhealthyBaseline} from './baseline.ts';
import {replacedServices} from './blame.ts';
import {type BypassWatch, watchBypasses} from './bypasses.ts';
import {isStopped, type RunContext} from './context.ts';
import {type ControlStream, openControlStream, wasBusy} from './control.ts';
import {createDecider, type Decisive} from './decide.ts';
import {evidenceOf} from './evidence.ts';
import {heal} from './heal.ts';
import {judgeTasks} from './judge.ts';
import {keepEvidence} from './keep.ts';
import {labsFault, prepare} from './prepare.ts';
import {runReplay} from './replay.ts';
import {setUp} from './set-up.ts';
import {tampering} from './tampering.ts';
import {reasonOf} from './timetable.ts';

/** What is played, and how far. */
export interface PlayOptions {
  /** Folder of the files that are judged: the workspace's lab folder, `start/`, `solution/`, `wrong/NAME/`. */
  readonly files: string;
  /** Folder of what the lab itself replaces: its `given/`. */
  readonly givenFolder?: string;
  /** What to make of the lab's prediction. Without it nothing is scored, and the checklist has no such item. */
  readonly prediction?: PredictionOrder;
  /**
   * A fail that ends the run as soon as nothing later can undo it; its result has these items alone. `hold` looks for such fails of any task
   * and ends nothing: one that is undone by the end is a fault of the lab.
   */
  readonly decisive?: Decisive;
  /** File that remembers labs whose baseline this machine cannot keep up with. Without it nothing is remembered. */
  readonly paceFile?: string;
}

/** What came of it. */
export interface Played {
  readonly verdicts: readonly TaskVerdict[];
  readonly evidence: Evidence<unknown, unknown> | undefined;
  readonly summary: readonly string[];
  readonly judged: readonly JudgedFile[];
  readonly prediction?: PredictionScore | undefined;
}

/** Only the learner's tests were asked for, which need no run. */
export const NOTHING_PLAYED: Played = {verdicts: [], evidence: undefined, summary: [], judged: []};

/**
 * Plays one check on the running system: prepare, baseline, attack, heal, replay, final reads, judge. What stops it early gives every task the
 * same judgement. Leaves the system as it is in the end.
 */
export async function play(
  context: RunContext,
  options: PlayOptions,
  tasks: readonly LabTask<unknown, unknown>[],
): Promise<Played> {
  const {system, folder} = context;
  context.emit({type: 'phase', phase: 'prepare', text: 'a fresh system that runs your code'});
  const prepared = await prepare(context, options.files, options.givenFolder);
  if (isStopped(prepared)) return allAlike(tasks, prepared.stopped, []);
  const {judged} = prepared;
  const control = await context.settled(openControlStream(system, folder));
  const ready = await setUp(context, control);
  if (isStopped(ready)) return allAlike(tasks, ready.stopped, judged);
  const {setup} = ready;
  const bypassWatch = watchBypasses(system);
  try {
    return await playPrepared(context, options, tasks, {setup, judged, control, bypassWatch});
  } finally {
    bypassWatch.stop();
  }
}

interface Prepared {
  readonly setup: unknown;
  readonly judged: readonly JudgedFile[];
  readonly control: ControlStream;
  readonly bypassWatch: BypassWatch;
}

async function playPrepared(
  context: RunContext,
  options: PlayOptions,
  tasks: readonly LabTask<unknown, unknown>[],
  {setup, judged, control, bypassWatch}: Prepared,
): Promise<Played> {
  const {lab, mode, folder} = context;
  const baseline = await runBaseline(context, setup, control);
  if (isStopped(baseline)) return allAlike(tasks, baseline.stopped, judged);
  if (baseline.unhealthy !== undefined) {
    await remember(context, options.paceFile, false);
    if (mode !== 'break') return allAlike(tasks, unhealthyBaseline(context, baseline).stopped, judged);
    context.emit({type: 'note', text: `before anything was broken: ${baseline.unhealthy}`});
  }
  const {decisive} = options;
  const decider = decisive && createDecider(context, decisive, {tasks, setup, baseline});
  const attack = await runAttack(context, setup, control, decider);
  const decided = await decider?.decide(attack);
  if (decided !== undefined) return {...decided, judged};
  const healed = await heal(context, setup, control);
  const replay = await runReplay(context, setup, control);
  context.emit({type: 'phase', phase: 'final', text: 'final reads'});
  const final = await context.settled(lab.final(context.tools('final'), setup)).catch(error => {
    throw context.signal.aborted ? error : labsFault(lab, 'its final reads', error);
  });
  const phases = [attack.control, healed.control, ...(replay ? [replay.control] : [])];
  const busy = wasBusy(baseline.control, phases);
  const tooLittle = attack.tooLittle ?? replay?.tooLittle;
  // Too little work on a machine that was not busy is the doing of what was judged.
  if (baseline.unhealthy === undefined) await remember(context, options.paceFile, tooLittle === undefined || !busy);
  const evidence = await evidenceOf(context, {setup, baseline, attack, healed, replay, busy, final});
  await keepEvidence(folder, evidence);
  const order = options.prediction;
  const sealed = order?.state === 'sealed' ? order : undefined;
  const prediction =
    sealed && inLab(context, () => scorePrediction(lab, sealed, evidence), 'the measure of its prediction');
  const told = sealed && prediction ? [predictionLine(sealed, prediction)] : [];
  const summary = inLab(context, () => [...lab.summary(evidence), ...told], 'its summary');
  if (mode === 'break') return {verdicts: [], evidence, summary, judged, prediction};
  context.emit({type: 'phase', phase: 'judge', text: `${tasks.length} ${tasks.length === 1 ? 'task' : 'tasks'}`});
  const worst = Math.max(...phases.map(({p99}) => p99));
  const verdicts = judgeTasks(lab, tasks, evidence, {
    tooLittle,
    faultProblems: [...tampered(context, evidence), ...attack.faultProblems],
    bypasses: bypassWatch.stop(),
    busy,
    busyBecause: `the control stream's p99 was ${worst.toFixed(1)} ms, ${baseline.control.p99.toFixed(1)} ms in the baseline`,
    recovered: healed.recoveredAt !== null,
    quick: mode === 'quick',
  });
  decider?.hold(verdicts);
  const asked =
    order === undefined ? [] : [predictionVerdict(order, prediction, combine(verdicts.map(each => each.verdict)))];
  return {verdicts: [...verdicts, ...asked], evidence, summary, judged, prediction};
}

function tampered({lab, system}: RunContext, {events, times}: Evidence<unknown, unknown>): readonly string[] {
  return tampering({
    reason: reasonOf(lab),
    since: times.baselineFrom,
    events,
    faults: system.faults(),
    suspects: replacedServices(lab, system).flatMap(({nodes}) => nodes),
  });
}

/** Whether this machine has kept up with the lab's load. */
async function remember({lab}: RunContext, paceFile: string | undefined, keptUp: boolean): Promise<void> {
  if (paceFile !== undefined) await rememberRun(paceFile, lab.id, keptUp, Date.now());
}

function allAlike(
  tasks: readonly LabTask<unknown, unknown>[],
  judgement: Judgement,
  judged: readonly JudgedFile[],
): Played {
  const verdicts = tasks.map(({id, title}) => ({id, title, ...judgement}));
  return {verdicts, evidence: undefined, summary: [judgement.observed, ...judgement.evidence], judged};
}
