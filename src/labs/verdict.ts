import type {RuntimeName} from '../runtime/runtime.ts';

export type Verdict = 'pass' | 'fail' | 'inconclusive';

/** What a judge says of one task. */
export interface Judgement {
  readonly verdict: Verdict;
  /** UPPER_SNAKE; null when it passes. A failed item's code picks the hint. */
  readonly code: string | null;
  /** One sentence with figures. */
  readonly observed: string;
  readonly expected: string;
  /** A story first (the timeline of one failing operation), then counts; one line each. */
  readonly evidence: readonly string[];
}

export interface TaskVerdict extends Judgement {
  readonly id: string;
  readonly title: string;
  /** Whether it is an extra task: the verdict of the lab does not depend on it. Missing where it is none. */
  readonly extra?: true;
}

/** The document of `teralab check --json`. */
export interface CheckResult {
  readonly lab: string;
  readonly verdict: Verdict;
  readonly seed: number;
  readonly runtime: RuntimeName;
  readonly tasks: readonly TaskVerdict[];
  readonly durationMs: number;
}

export function pass(observed: string, expected: string, evidence: readonly string[] = []): Judgement {
  return {verdict: 'pass', code: null, observed, expected, evidence};
}

export function fail(code: string, observed: string, expected: string, evidence: readonly string[] = []): Judgement {
  return {verdict: 'fail', code, observed, expected, evidence};
}

export function inconclusive(
  code: string,
  observed: string,
  expected: string,
  evidence: readonly string[] = [],
): Judgement {
  return {verdict: 'inconclusive', code, observed, expected, evidence};
}

/**
 * For a task that counts operations which a busy machine may have delayed: what is blatant (less than half of them as they should be)
 * fails anyway, anything else is left open.
 */
export function unlessBusy(busy: boolean, goodShare: number, failed: Judgement): Judgement {
  if (!busy || goodShare < 0.5) return failed;
  return inconclusive(
    'BUSY_MACHINE',
    `the machine was busy; otherwise: ${failed.observed}`,
    failed.expected,
    failed.evidence,
  );
}

/** The verdict of a check with these items: extra ones do not count, unless nothing else was judged. */
export function verdictOf(tasks: readonly TaskVerdict[]): Verdict {
  const required = tasks.filter(({extra}) => extra !== true);
  return combine((required.length > 0 ? required : tasks).map(({verdict}) => verdict));
}

/** `3 of 4`: how many of the items pass that the verdict depends on. */
export function passCount({tasks}: Pick<CheckResult, 'tasks'>): string {
  const required = tasks.filter(({extra}) => extra !== true);
  const counted = required.length > 0 ? required : tasks;
  return `${counted.filter(({verdict}) => verdict === 'pass').length} of ${counted.length}`;
}

/** One failed task fails the lab; otherwise one inconclusive task leaves it open. */
export function combine(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('fail')) return 'fail';
  return verdicts.length === 0 || verdicts.includes('inconclusive') ? 'inconclusive' : 'pass';
}
