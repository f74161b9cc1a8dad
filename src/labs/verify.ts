import {LabError} from '../errors.ts';
import type {RuntimeName} from '../runtime/runtime.ts';
import type {AnyLab, WrongFix} from './lab.ts';
import {lintLab} from './lint.ts';
import {PREDICTION_ID} from './predict/item.ts';
import {typeCheckLab} from './type-check.ts';
import {type CheckResult, inconclusive, type Verdict} from './verdict.ts';
import {YOUR_TESTS_ID} from './your-tests/item.ts';

/** One line of `teralab labs verify --json`. */
export interface VerifyRow {
  readonly lab: string;
  /** `start`, `wrong/NAME`, `tests/NAME` or `solution`. */
  readonly variant: string;
  readonly seed: number;
  readonly runtime: string;
  /** Engine of the broker: `postgres`, or `nats`. */
  readonly broker: string;
  /** `pass`, `fail`, or what has to refuse it: `fail nothing-missing/MISSING_EVENTS`. */
  readonly expected: string;
  readonly verdict: Verdict;
  readonly codes: readonly string[];
  readonly durationMs: number;
}

export interface Proof {
  readonly row: VerifyRow;
  readonly holds: boolean;
  /** Runs that were inconclusive before this one. */
  readonly retries: number;
  /** The run that it rests on. */
  readonly result: CheckResult;
}

/** One thing to be proved. */
export interface ProofJob {
  readonly lab: AnyLab;
  readonly expectation: Expectation;
  readonly seed: number;
}

/** A system that runs variants, one at a time. */
export interface ProvingSystem {
  readonly runtime: RuntimeName;
  /** Engine of its broker. */
  readonly broker: string;
  /** Runs a variant afresh, no further than what decides it. */
  check(job: ProofJob): Promise<CheckResult>;
}

export interface ProofEvents {
  /** Asked before each run: whether there is time for another. What has not begun by then is left out. */
  hasTime?(): boolean;
  /** Called before each run. `alone`: it did not hold beside others, and nothing runs beside it now. */
  onStart?(job: ProofJob, alone: boolean): void;
  /** Called before an inconclusive run is tried again. */
  onAgain?(result: CheckResult): void;
  onProof?(proof: Proof): void;
  /** Called for a proof that did not hold beside others, and is to be repeated alone. */
  onPostponed?(proof: Proof): void;
}

export interface Expectation {
  /** `start`, `wrong/NAME`, `tests/NAME` or `solution`. */
  readonly variant: string;
  /** `fail`, `fail TASK/CODE` or `pass`. */
  readonly expected: string;
  /** What ends its run early: one code of one task, any of the lab's codes; `hold`: nothing, and what is declared to be settled is held to it. */
  readonly decisive: {readonly task: string; readonly code: string} | 'any' | 'hold';
  holds(result: CheckResult): boolean;
  /** The task that it is about; without it, all of them. */
  readonly task?: string;
}

/** A busy machine is not a broken lab: what is inconclusive is tried again, twice. */
const TRIES_MAX = 3;

/**
 * Proves jobs on one system, or on several side by side. Systems disturb each other: what holds all the same holds, and whatever does not is
 * proved again, alone. Proofs come in the order of the jobs.
 */
export async function proveAll(
  jobs: readonly ProofJob[],
  systems: readonly ProvingSystem[],
  events: ProofEvents = {},
): Promise<readonly Proof[]> {
  const [first] = systems;
  if (first === undefined) return [];
  const sideBySide = systems.length > 1;
  const proofs = new Map<ProofJob, Proof>();
  const left = [...jobs];
  const work = async (system: ProvingSystem): Promise<void> => {
    for (let job = left.shift(); job !== undefined && events.hasTime?.() !== false; job = left.shift()) {
      events.onStart?.(job, false);
      const proof = await prove(job, system, sideBySide ? 1 : TRIES_MAX, events);
      proofs.set(job, proof);
      if (proof.holds || !sideBySide) events.onProof?.(proof);
      else events.onPostponed?.(proof);
    }
  };
  await Promise.all(systems.map(work));
  for (const job of sideBySide ? jobs.filter(each => proofs.get(each)?.holds === false) : []) {
    events.onStart?.(job, true);
    const proof = await prove(job, first, TRIES_MAX, events);
    proofs.set(job, proof);
    events.onProof?.(proof);
  }
  return jobs.flatMap(job => proofs.get(job) ?? []);
}

async function prove(job: ProofJob, system: ProvingSystem, triesMax: number, {onAgain}: ProofEvents): Promise<Proof> {
  const {lab, expectation, seed} = job;
  for (let attempt = 1; ; attempt++) {
    const result = await checked(job, system);
    const broken = result.tasks.some(({code}) => code === BROKEN);
    if (isUndecided(expectation, result) && attempt < triesMax && !broken) {
      onAgain?.(result);
      continue;
    }
    const row = {
      lab: lab.id,
      variant: expectation.variant,
      seed,
      runtime: result.runtime,
      broker: system.broker,
      expected: expectation.expected,
      verdict: result.verdict,
      codes: [...new Set(result.tasks.flatMap(task => task.code ?? []))],
      durationMs: Math.round(result.durationMs),
    };
    return {row, holds: expectation.holds(result), retries: attempt - 1, result};
  }
}

/** Whether what it is about stayed open, whatever became of the other tasks. */
function isUndecided({task, holds}: Expectation, result: CheckResult): boolean {
  if (task === undefined) return result.verdict === 'inconclusive';
  return !holds(result) && result.tasks.some(({id, verdict}) => id === task && verdict === 'inconclusive');
}

const BROKEN = 'BROKEN_LAB';
/** After these nothing more can be proved. */
const IS_OVER: ReadonlySet<LabError['code']> = new Set(['INTERRUPTED', 'CONTROLLER_LOST']);

/** A lab that is broken is what a proof is to find, and what a machine refuses once is no reason to leave the others unproved. */
async function checked(job: ProofJob, system: ProvingSystem): Promise<CheckResult> {
  const startedAt = Date.now();
  try {
    return await system.check(job);
  } catch (error) {
    if (!(error instanceof LabError) || IS_OVER.has(error.code)) throw error;
    const {lab, seed} = job;
    const {code, message} = error;
    const expected = code === BROKEN ? 'a sound lab' : 'a run from beginning to end';
    const tasks = lab.tasks.map(({id, title}) => ({id, title, ...inconclusive(code, message, expected)}));
    const durationMs = Date.now() - startedAt;
    return {lab: lab.id, verdict: 'inconclusive', seed, runtime: system.runtime, tasks, durationMs};
  }
}

/** What each variant of a lab has to come to. */
export function expectations(lab: AnyLab): readonly Expectation[] {
  const ownCodes = (result: CheckResult): boolean =>
    result.tasks.some(
      ({id, verdict, code}) =>
        verdict === 'fail' && code !== null && lab.tasks.some(task => task.id === id && task.codes.includes(code)),
    );
  return [
    {
      variant: 'start',
      expected: 'fail',
      decisive: 'any',
      holds: result => ownCodes(result) && !isMispredicted(result) && !hasGoodTests(result),
    },
    ...lab.wrong.map(wrong => ({
      variant: `wrong/${wrong.name}`,
      expected: `fail ${wrong.task}/${wrong.code}`,
      decisive: {task: wrong.task, code: wrong.code},
      task: wrong.task,
      holds: (result: CheckResult) => isRefused(result, wrong),
    })),
    ...(lab.yourTests?.wrong ?? []).map(({name, code}) => ({
      variant: `tests/${name}`,
      expected: `fail ${YOUR_TESTS_ID}/${code}`,
      decisive: {task: YOUR_TESTS_ID, code},
      task: YOUR_TESTS_ID,
      holds: (result: CheckResult) => isRefused(result, {task: YOUR_TESTS_ID, code}),
    })),
    {
      variant: 'solution',
      expected: 'pass',
      decisive: 'hold',
      holds: result => result.verdict === 'pass' && (lab.yourTests === undefined || hasGoodTests(result)),
    },
  ];
}

/** The lab's own answer to its question was wrong: nobody could give a right one. */
function isMispredicted(result: CheckResult): boolean {
  return result.tasks.some(({id, verdict}) => id === PREDICTION_ID && verdict === 'fail');
}

function hasGoodTests(result: CheckResult): boolean {
  return result.tasks.some(({id, verdict}) => id === YOUR_TESTS_ID && verdict === 'pass');
}

function isRefused(result: CheckResult, {task, code}: Pick<WrongFix, 'task' | 'code'>): boolean {
  return result.tasks.some(verdict => verdict.id === task && verdict.verdict === 'fail' && verdict.code === code);
}

/** What can be told about a lab without running it: its files, texts and types. */
export async function staticProblems(
  lab: AnyLab,
  places: {readonly folder: string; readonly templates: string; readonly services: string},
): Promise<{
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  readonly leftOut: readonly string[];
}> {
  const findings = await lintLab(lab, places.folder);
  const {right = [], wrong: wrongTests = []} = lab.yourTests ?? {};
  const variants = [
    'start',
    'solution',
    ...lab.wrong.map(({name}) => `wrong/${name}`),
    ...right.map(({name}) => `right/${name}`),
    ...wrongTests.map(({name}) => `tests/${name}`),
  ];
  const types = await typeCheckLab({id: lab.id, variants}, places).catch(error => [
    `the types could not be checked: ${error}`,
  ]);
  const texts = (level: string): string[] =>
    findings.filter(finding => finding.level === level).map(({text}) => `${lab.id}: ${text}`);
  return {
    problems: [...texts('error'), ...(types ?? []).map(text => `${lab.id}: ${text}`)],
    warnings: texts('warning'),
    leftOut: types === undefined ? ['the type check: no TypeScript is installed'] : [],
  };
}
