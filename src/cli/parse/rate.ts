import {LabError} from '../../errors.ts';

/** Highest rate that is taken, per second: far over what one machine serves. */
export const RATE_MAX = 100_000;

/** Operations per second of `50/s`, `50` or `120/m`; `what` names the flag in the error. */
export function parseRate(raw: string, what: string): number {
  const match = /^(\d+(?:\.\d+)?)(?:\/(s|m))?$/.exec(raw.trim().toLowerCase());
  if (match === null) throw new LabError('BAD_VALUE', `${what} takes a rate like 50/s; "${raw}" is none.`);
  const perSecond = Number(match[1]) / (match[2] === 'm' ? 60 : 1);
  if (perSecond <= 0 || perSecond > RATE_MAX)
    throw new LabError('BAD_VALUE', `${what} must be over 0 and at most ${RATE_MAX}/s; "${raw}" is not.`);
  return perSecond;
}

export function formatRate(perSecond: number): string {
  return `${Number(perSecond.toFixed(2))}/s`;
}
