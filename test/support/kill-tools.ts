import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import type {ProgressData} from '../../src/labs/progress.ts';
import {labPaths} from '../../src/paths.ts';
import type {Finished, Learner} from './learner.ts';

const LOOK_EVERY_MS = 50;

/** A round, when it has been played. */
export type Played<Round> = Round & {
  readonly tookMs: number;
  /** What was not as it must be. */
  readonly problems: readonly string[];
};

export function describePlayed({
  seed,
  stage,
  victim,
  delayMs,
  next,
  tookMs,
  problems,
}: Played<{
  readonly seed: number;
  readonly stage: string;
  readonly victim: string;
  readonly delayMs: number;
  readonly next: string;
}>): string {
  const end = problems.length === 0 ? 'ok' : `FAILED: ${problems.join('; ')}`;
  return `seed ${seed}: ${stage}, ${victim} killed after ${delayMs} ms, then ${next}: ${end} (${tookMs} ms)`;
}

export function expectExit(
  {exitCode, stderr}: Finished,
  exits: readonly number[],
  what: string,
  say: (problem: string) => void,
): void {
  if (exitCode === undefined || !exits.includes(exitCode)) say(`${what} ended with ${exitCode}: ${lastLines(stderr)}`);
  if (/^\s+at .+:\d+:\d+/m.test(stderr)) say(`${what} shows a stack trace`);
}

/** Throws what a command said when it did not end well. */
export async function must(run: Promise<Finished>, what: string): Promise<void> {
  const {exitCode, stderr} = await run;
  if (exitCode !== 0) throw new Error(`${what} ended with ${exitCode}: ${lastLines(stderr)}`);
}

export async function within(boundMs: number, holds: () => boolean | Promise<boolean>): Promise<boolean> {
  const until = Date.now() + boundMs;
  while (!(await holds())) {
    if (Date.now() > until) return false;
    await pause(LOOK_EVERY_MS);
  }
  return true;
}

export function readProgress(learner: Learner): ProgressData {
  return JSON.parse(readFileSync(join(labPaths(learner.env).data, 'progress.json'), 'utf8'));
}

/** Whether everything that was recorded of a lab before is still there. */
export function holdsProgress(lab: string, before: ProgressData, now: ProgressData): boolean {
  const passes = JSON.stringify(now.labs[lab]?.passes ?? []);
  return (
    (now.labs[lab]?.attempts ?? 0) >= (before.labs[lab]?.attempts ?? 0) &&
    (before.labs[lab]?.passes ?? []).every(pass => passes.includes(JSON.stringify(pass)))
  );
}

function lastLines(text: string): string {
  return text.trimEnd().split('\n').slice(-4).join(' | ');
}
