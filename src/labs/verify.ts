import type {AnyLab, WrongFix} from './lab.ts';
import {lintLab} from './lint.ts';
import {PREDICTION_ID} from './predict/item.ts';
import {typeCheckLab} from './type-check.ts';
import type {CheckResult, Verdict} from './verdict.ts';

/** One line of `teralab labs verify --json`. */
export interface VerifyRow {
  readonly lab: string;
  /** `start`, `wrong/NAME` or `solution`. */
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

export interface VerifyOptions {
  readonly seeds: readonly number[];
  /** Engine of the broker of the system that runs them. */
  readonly broker: string;
  /** Which of the lab's expectations to prove; all without it. */
  readonly only?: readonly Expectation[];
  /** Runs one variant of the lab on a fresh system, no further than what decides it. */
  check(variant: string, seed: number, decisive: Expectation['decisive']): Promise<CheckResult>;
  /** Called before each run. */
  onStart?(expectation: Expectation, seed: number): void;
  /** Called before an inconclusive run is tried again. */
  onAgain?(result: CheckResult): void;
  onProof?(proof: Proof): void;
}

export interface Expectation {
  /** `start`, `wrong/NAME` or `solution`. */
  readonly variant: string;
  /** `fail`, `fail TASK/CODE` or `pass`. */
  readonly expected: string;
  /** What ends its run early: one code of one task, any of the lab's codes; `hold`: nothing, and what is declared to be settled is held to it. */
  readonly decisive: {readonly task: string; readonly code: string} | 'any' | 'hold';
  holds(result: CheckResult): boolean;
}

/** A busy machine is not a broken lab: what is inconclusive is tried again, twice. */
const TRIES_MAX = 3;

/** Proves a lab by running it: the start fails with its codes, every wrong fix is refused by its task, the solution passes. */
export async function verifyLab(lab: AnyLab, options: VerifyOptions): Promise<readonly Proof[]> {
  const proofs: Proof[] = [];
  for (const expectation of options.only ?? expectations(lab)) {
    for (const seed of options.seeds) {
      options.onStart?.(expectation, seed);
      const {result, retries} = await decided(expectation, seed, options);
      const row = {
        lab: lab.id,
        variant: expectation.variant,
        seed,
        runtime: result.runtime,
        broker: options.broker,
        expected: expectation.expected,
        verdict: result.verdict,
        codes: [...new Set(result.tasks.flatMap(task => task.code ?? []))],
        durationMs: Math.round(result.durationMs),
      };
      const proof = {row, holds: expectation.holds(result), retries, result};
      proofs.push(proof);
      options.onProof?.(proof);
    }
  }
  return proofs;
}

async function decided(
  {variant, decisive}: Expectation,
  seed: number,
  {check, onAgain}: VerifyOptions,
): Promise<{readonly result: CheckResult; readonly retries: number}> {
  for (let attempt = 1; ; attempt++) {
    const result = await check(variant, seed, decisive);
    if (result.verdict !== 'inconclusive' || attempt >= TRIES_MAX) return {result, retries: attempt - 1};
    onAgain?.(result);
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
    {variant: 'start', expected: 'fail', decisive: 'any', holds: result => ownCodes(result) && !isMispredicted(result)},
    ...lab.wrong.map(wrong => ({
      variant: `wrong/${wrong.name}`,
      expected: `fail ${wrong.task}/${wrong.code}`,
      decisive: {task: wrong.task, code: wrong.code},
      holds: (result: CheckResult) => isRefused(result, wrong),
    })),
    {variant: 'solution', expected: 'pass', decisive: 'hold', holds: result => result.verdict === 'pass'},
  ];
}

/** The lab's own answer to its question was wrong: nobody could give a right one. */
function isMispredicted(result: CheckResult): boolean {
  return result.tasks.some(({id, verdict}) => id === PREDICTION_ID && verdict === 'fail');
}

function isRefused(result: CheckResult, {task, code}: WrongFix): boolean {
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
  const variants = ['start', 'solution', ...lab.wrong.map(({name}) => `wrong/${name}`)];
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
