import {LabError} from '../../errors.ts';

const UNIT_MS = {ms: 1, s: 1000, m: 60_000, h: 3_600_000} as const;

/** Longest duration that is taken, ms: timers overflow at 2^31, and nothing here lasts longer than a day. */
export const DURATION_MS_MAX = 24 * UNIT_MS.h;

/** Milliseconds of `250ms`, `30s`, `2m` or `1.5h`, rounded to whole ones; `what` names the flag or attribute in the error. */
export function parseDuration(raw: string, what: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(raw.trim().toLowerCase());
  if (match === null)
    throw new LabError('BAD_VALUE', `${what} takes a duration with its unit, like 250ms, 30s or 2m; "${raw}" is none.`);
  const ms = Math.round(Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS]);
  if (ms < 1) throw new LabError('BAD_VALUE', `${what} must be longer than nothing; "${raw}" is not.`);
  if (ms > DURATION_MS_MAX) throw new LabError('BAD_VALUE', `${what} can be 24h at most; "${raw}" is longer.`);
  return ms;
}

/** The shortest way to write a duration (ms) that `parseDuration` reads back as the same one. */
export function formatDuration(ms: number): string {
  for (const unit of ['h', 'm', 's'] as const) {
    if (ms > 0 && ms % UNIT_MS[unit] === 0) return `${ms / UNIT_MS[unit]}${unit}`;
  }
  return `${ms}ms`;
}
