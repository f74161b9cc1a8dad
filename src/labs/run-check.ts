import {mkdir} from 'node:fs/promises';
import {setTimeout as delay} from 'node:timers/promises';
import {LabError} from '../errors.ts';
import {createRandom} from '../random.ts';
import type {JudgedFile} from './build-seam.ts';
import type {CheckEvent} from './check-event.ts';
import type {AnyLab, Evidence, LabTask} from './lab.ts';
import {slowdownOf} from './pace.ts';
import type {PredictionScore} from './predict/item.ts';
import {interrupted, type RunContext, type RunMode, sleepUnless, unlessAborted} from './run/context.ts';
import {CONTROL_LINK} from './run/control.ts';
import {keepResult} from './run/keep.ts';
import {NOTHING_PLAYED, type PlayOptions, play} from './run/play.ts';
import {createTools} from './run/tools.ts';
import type {LabSystem} from './system.ts';
import {type CheckResult, type TaskVerdict, verdictOf} from './verdict.ts';
import {YOUR_TESTS_ID} from './your-tests/item.ts';
import {judgeYourTests, type YourTestsPlaces} from './your-tests/own-item.ts';

export interface RunOptions extends PlayOptions {
  readonly lab: AnyLab;
  readonly system: LabSystem;
  readonly seed: number;
  /** Where everything that the run sees is kept. Made where it is missing. */
  readonly runFolder: string;
  readonly emit: (event: CheckEvent) => void;
  readonly signal: AbortSignal;
  /** Default: `check`. */
  readonly mode?: RunMode;
  /** Judge this one task only. */
  readonly task?: string;
  /** What the learner's own tests run with. Without it, and in `break` mode, the checklist has no such item. */
  readonly yourTests?: YourTestsPlaces;
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
