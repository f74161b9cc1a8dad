import {join} from 'node:path';
import type {CheckEvent} from './check-event.ts';
import type {AnyLab, WrongFix} from './lab.ts';
import {lintLab} from './lint.ts';
import {runCheck} from './run-check.ts';
import type {LabSystem} from './system.ts';
import {typeCheckLab} from './type-check.ts';
import type {CheckResult, Verdict} from './verdict.ts';

/** One line of `teralab labs verify --json`. */
export interface VerifyRow {
  readonly lab: string;
  /** `start`, `wrong/NAME` or `solution`. */
  readonly variant: string;
  readonly seed: number;
  readonly runtime: string;
  /** `pass`, `fail`, or what has to refuse it: `fail nothing-missing/MISSING_EVENTS`. */
  readonly expected: string;
  readonly verdict: Verdict;
  readonly codes: readonly string[];
  readonly durationMs: number;
}

export interface Verified {
  readonly rows: readonly VerifyRow[];
  /** What does not hold, one sentence each; empty: the lab is proven. */
  readonly problems: readonly string[];
}

export interface VerifyOptions {
  readonly lab: AnyLab;
  /** The lab's folder with `start/`, `solution/` and `wrong/`. */
  readonly folder: string;
  readonly system: LabSystem;
  readonly seeds: readonly number[];
  /** Runs are kept below it, one folder per variant and seed. */
  readonly runsFolder: string;
  readonly signal: AbortSignal;
  readonly emit?: (event: CheckEvent, variant: string) => void;
  /** Called as soon as a row is known. */
  readonly onRow?: (row: VerifyRow, holds: boolean) => void;
  /** Only these variants; default all. */
  readonly variants?: readonly string[];
  /** Tries per variant and seed while it is inconclusive. Default 2: a busy machine is not a broken lab. */
  readonly triesMax?: number;
}

interface Expectation {
  readonly variant: string;
  readonly expected: string;
  holds(result: CheckResult): boolean;
}

/** Proves a lab on the running system: the start fails with its codes, every wrong fix is refused by its task, the solution passes. */
export async function verifyLab(options: VerifyOptions): Promise<Verified> {
  const {lab, system, seeds, variants, onRow} = options;
  const rows: VerifyRow[] = [];
  const problems: string[] = [];
  const wanted = expectations(lab).filter(({variant}) => variants === undefined || variants.includes(variant));
  for (const expectation of wanted) {
    for (const seed of seeds) {
      const result = await runVariant(options, expectation.variant, seed);
      const codes = [...new Set(result.tasks.flatMap(task => task.code ?? []))];
      const {expected, variant} = expectation;
      const row = {
        lab: lab.id,
        variant,
        seed,
        runtime: system.runtime,
        expected,
        verdict: result.verdict,
        codes,
        durationMs: result.durationMs,
      };
      const holds = expectation.holds(result);
      rows.push(row);
      onRow?.(row, holds);
      if (!holds) problems.push(problemOf(row, result));
    }
  }
  return {rows, problems};
}

/** What each variant of a lab has to come to. */
export function expectations(lab: AnyLab): readonly Expectation[] {
  const ownCodes = (result: CheckResult): boolean =>
    result.tasks.some(
      ({id, verdict, code}) =>
        verdict === 'fail' && code !== null && lab.tasks.some(task => task.id === id && task.codes.includes(code)),
    );
  return [
    {variant: 'start', expected: 'fail', holds: ownCodes},
    ...lab.wrong.map(wrong => ({
      variant: `wrong/${wrong.name}`,
      expected: `fail ${wrong.task}/${wrong.code}`,
      holds: (result: CheckResult) => isRefused(result, wrong),
    })),
    {variant: 'solution', expected: 'pass', holds: result => result.verdict === 'pass'},
  ];
}

function isRefused(result: CheckResult, {task, code}: WrongFix): boolean {
  return result.tasks.some(verdict => verdict.id === task && verdict.verdict === 'fail' && verdict.code === code);
}

async function runVariant(
  {lab, folder, system, runsFolder, signal, emit, triesMax = 2}: VerifyOptions,
  variant: string,
  seed: number,
): Promise<CheckResult> {
  for (let attempt = 1; ; attempt++) {
    const {result} = await runCheck({
      lab,
      system,
      seed,
      signal,
      files: join(folder, variant),
      givenFolder: join(folder, 'given'),
      runFolder: join(runsFolder, `${variant.replace('/', '-')}-${seed}-${attempt}`),
      emit: event => emit?.(event, variant),
    });
    if (result.verdict !== 'inconclusive' || attempt >= triesMax) return result;
  }
}

function problemOf({lab, variant, seed, expected, verdict}: VerifyRow, {tasks}: CheckResult): string {
  const seen = tasks.map(task => `${task.id} ${task.code ?? task.verdict}: ${task.observed}`).join('; ');
  return `${lab} ${variant} (seed ${seed}) was to ${expected}, and came to ${verdict}: ${seen}.`;
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
