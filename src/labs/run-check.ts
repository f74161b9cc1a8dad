import {mkdir} from 'node:fs/promises';
import {setTimeout as delay} from 'node:timers/promises';
import {LabError} from '../errors.ts';
import {createRandom} from '../random.ts';
import type {JudgedFile} from './build-seam.ts';
import type {CheckEvent} from './check-event.ts';
import type {AnyLab, Evidence, LabTask} from './lab.ts';
import {rememberRun, slowdownOf} from './pace.ts';
import {
  type PredictionOrder,
  type PredictionScore,
  predictionLine,
  predictionVerdict,
  scorePrediction,
} from './predict/item.ts';
import {runAttack} from './run/attack.ts';
import {inLab, requestsSince, runBaseline, unhealthyBaseline} from './run/baseline.ts';
import {replacedServices} from './run/blame.ts';
import {type BypassWatch, watchBypasses} from './run/bypasses.ts';
import {interrupted, isStopped, type RunContext, type RunMode, sleepUnless, unlessAborted} from './run/context.ts';
import {CONTROL_LINK, type ControlStream, openControlStream, wasBusy} from './run/control.ts';
import {createDecider, type Decisive} from './run/decide.ts';
import {heal} from './run/heal.ts';
import {judgeTasks} from './run/judge.ts';
import {keepEvidence, keepResult} from './run/keep.ts';
import {labsFault, prepare} from './run/prepare.ts';
import {runReplay} from './run/replay.ts';
import {setUp} from './run/set-up.ts';
import {tampering} from './run/tampering.ts';
import {reasonOf} from './run/timetable.ts';
import {createTools} from './run/tools.ts';
import type {LabSystem} from './system.ts';
import {type CheckResult, combine, type Judgement, type TaskVerdict, verdictOf} from './verdict.ts';
import {YOUR_TESTS_ID} from './your-tests/item.ts';
import {judgeYourTests, type YourTestsPlaces} from './your-tests/own-item.ts';

export interface RunOptions {
  readonly lab: AnyLab;
  readonly system: LabSystem;
  readonly seed: number;
  /** Folder of the files that are judged: the workspace's lab folder, `start/`, `solution/`, `wrong/NAME/`. */
  readonly files: string;
  /** Folder of what the lab itself replaces: its `given/`. */
  readonly givenFolder?: string;
  /** Where everything that the run sees is kept. Made where it is missing. */
  readonly runFolder: string;
  readonly emit: (event: CheckEvent) => void;
  readonly signal: AbortSignal;
  /** Default: `check`. */
  readonly mode?: RunMode;
  /** Judge this one task only. */
  readonly task?: string;
  /** What to make of the lab's prediction. Without it nothing is scored, and the checklist has no such item. */
  readonly prediction?: PredictionOrder;
  /** What the learner's own tests run with. Without it, and in `break` mode, the checklist has no such item. */
  readonly yourTests?: YourTestsPlaces;
  /**
   * A fail that ends the run as soon as nothing later can undo it; its result has these items alone. `hold` looks for such fails of any task
   * and ends nothing: one that is undone by the end is a fault of the lab.
   */
  readonly decisive?: Decisive;
  /** File that remembers labs whose baseline this machine cannot keep up with. Without it nothing is remembered. */
  readonly paceFile?: string;
}

export interface RunOutcome {
  /** In `break` mode no task is judged, unless the learner's code does not even run. */
  readonly result: CheckResult;
  /** Undefined when the run ended before the attack. */
  readonly evidence: Evidence<unknown, unknown> | undefined;
  /** What the attack did, in two or three lines with figures. */
  readonly summary: readonly string[];
  /** What was judged, as it was when it was built. */
  readonly judged: readonly JudgedFile[];
  /** How a sealed prediction came out; undefined where there was none, or the run ended too early. */
  readonly prediction: PredictionScore | undefined;
}

/** Cleaning up after a run may take this long, ms; then it is left to whoever owns the system. */
const CLEAN_UP_WITHIN_MS = 10_000;

/**
 * Runs one check: prepare, baseline, attack, heal, replay, final reads, judge. Whatever becomes of it, its faults have ended and its
 * loads have stopped when it returns.
 *
 * @throws UNKNOWN_TASK; BROKEN_LAB when the lab's own code fails; INTERRUPTED when `signal` aborts; errors of the environment.
 */
export async function runCheck(options: RunOptions): Promise<RunOutcome> {
  const {lab, system, seed, runFolder} = options;
  const tasks = tasksOf(lab, options.task);
  const startedAt = Date.now();
  await mkdir(runFolder, {recursive: true, mode: 0o700});
  const pending = new Set<Promise<unknown>>();
  const context = await createContext(options, pending);
  const resultOf = (verdicts: readonly TaskVerdict[]): CheckResult => ({
    lab: lab.id,
    verdict: verdictOf(verdicts),
    seed,
    runtime: system.runtime,
    tasks: verdicts,
    durationMs: Date.now() - startedAt,
  });
  try {
    const wantsTests = context.mode !== 'break' && (options.task ?? YOUR_TESTS_ID) === YOUR_TESTS_ID;
    const own = wantsTests ? await judgeYourTests(context, options.files, options.yourTests) : undefined;
    const played = options.task === YOUR_TESTS_ID ? NOTHING_PLAYED : await play(context, options, tasks);
    const verdicts = [...played.verdicts, ...(own === undefined ? [] : [own.task])];
    for (const task of verdicts) context.emit({type: 'task', task});
    const result = resultOf(verdicts);
    await keepResult(runFolder, result);
    const {evidence, summary, prediction} = played;
    return {result, evidence, summary, judged: [...played.judged, ...(own?.judged ?? [])], prediction};
  } catch (error) {
    if (options.signal.aborted) throw interrupted();
    throw error;
  } finally {
    await cleanUp(system, pending);
  }
}

interface Played {
  readonly verdicts: readonly TaskVerdict[];
  readonly evidence: Evidence<unknown, unknown> | undefined;
  readonly summary: readonly string[];
  readonly judged: readonly JudgedFile[];
  readonly prediction?: PredictionScore | undefined;
}

/** Only the learner's tests were asked for, which need no run. */
const NOTHING_PLAYED: Played = {verdicts: [], evidence: undefined, summary: [], judged: []};

async function play(
  context: RunContext,
  options: RunOptions,
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
  options: RunOptions,
  tasks: readonly LabTask<unknown, unknown>[],
  {setup, judged, control, bypassWatch}: Prepared,
): Promise<Played> {
  const {lab, system, mode, folder} = context;
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
  const evidence: Evidence<unknown, unknown> = {
    seed: context.seed,
    setup,
    baseline: baseline.entries,
    attack: attack.entries,
    replay: replay?.entries ?? [],
    faults: system.faults().filter(fault => fault.plannedAt >= attack.from),
    requests: await requestsSince(context, attack.from),
    baselineRequests: baseline.requests,
    events: system.events(baseline.from),
    times: {
      baselineFrom: baseline.from,
      attackFrom: attack.from,
      attackTo: attack.to,
      healedAt: healed.healedAt,
      recoveredAt: healed.recoveredAt,
      endedAt: Date.now(),
    },
    control: {baseline: baseline.control, attack: attack.control, busy},
    final,
  };
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

async function createContext(options: RunOptions, pending: Set<Promise<unknown>>): Promise<RunContext> {
  const {lab, system, seed, signal, emit, runFolder, paceFile, mode = 'check'} = options;
  const random = createRandom(seed, lab.id);
  const slowdown = paceFile === undefined ? 1 : await slowdownOf(paceFile, lab.id, Date.now());
  if (slowdown > 1)
    emit({type: 'note', text: `rates / ${slowdown}: this machine did not keep up with this lab's load`});
  return {
    lab,
    system,
    seed,
    random,
    mode,
    folder: runFolder,
    slowdown,
    signal,
    emit,
    tools: use => createTools(system, random.stream(use), signal, seed),
    settled: async work => {
      pending.add(work);
      const forget = (): void => void pending.delete(work);
      work.then(forget, forget);
      return unlessAborted(signal, work);
    },
    sleep: (ms, also) => sleepUnless(ms, also ? AbortSignal.any([signal, also]) : signal),
  };
}

/** Ends what the run started, within a bound, and never hides the first error. */
async function cleanUp(system: LabSystem, pending: ReadonlySet<Promise<unknown>>): Promise<void> {
  const bound = new AbortController();
  const work = async (): Promise<void> => {
    await Promise.allSettled([system.load.stopAll(), ...pending]);
    await Promise.allSettled([system.clearAll(), system.fabric.close([CONTROL_LINK])]);
  };
  await Promise.race([work(), delay(CLEAN_UP_WITHIN_MS, undefined, {signal: bound.signal}).catch(() => {})]);
  bound.abort();
}

/** Whether this machine has kept up with the lab's load. */
async function remember({lab}: RunContext, paceFile: string | undefined, keptUp: boolean): Promise<void> {
  if (paceFile !== undefined) await rememberRun(paceFile, lab.id, keptUp, Date.now());
}

function tasksOf(lab: AnyLab, only: string | undefined): readonly LabTask<unknown, unknown>[] {
  if (only === undefined) return lab.tasks;
  if (only === YOUR_TESTS_ID && lab.yourTests !== undefined) return [];
  const tasks = lab.tasks.filter(task => task.id === only);
  if (tasks.length > 0) return tasks;
  throw new LabError(
    'UNKNOWN_TASK',
    `Lab ${lab.id} has no task "${only}"; its tasks are ${lab.tasks.map(task => task.id).join(', ')}.`,
  );
}

function allAlike(
  tasks: readonly LabTask<unknown, unknown>[],
  judgement: Judgement,
  judged: readonly JudgedFile[],
): Played {
  const verdicts = tasks.map(({id, title}) => ({id, title, ...judgement}));
  return {verdicts, evidence: undefined, summary: [judgement.observed, ...judgement.evidence], judged};
}
