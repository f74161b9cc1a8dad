import {LabError} from '../../errors.ts';

/** Seeds are 32 bit, so that every one of them can be typed back. */
export const SEED_MAX = 0xffff_ffff;

/** A whole number within bounds; `what` names the flag or attribute in the error. */
export function parseWhole(raw: string, what: string, min: number, max: number): number {
  const value = /^\d{1,15}$/.test(raw.trim()) ? Number(raw) : Number.NaN;
  if (!(value >= min && value <= max))
    throw new LabError('BAD_VALUE', `${what} takes a whole number from ${min} to ${max}; "${raw}" is none.`);
  return value;
}

export function parseSeed(raw: string): number {
  return parseWhole(raw, '--seed', 0, SEED_MAX);
}

export function parsePort(raw: string, what = '--port'): number {
  return parseWhole(raw, what, 1, 65_535);
}

/** A share from 0 to 1, also written as a percentage (`20%`). */
export function parseShare(raw: string, what: string): number {
  const match = /^(\d+(?:\.\d+)?|\.\d+)(%?)$/.exec(raw.trim());
  const value = match === null ? Number.NaN : Number(match[1]) / (match[2] === '%' ? 100 : 1);
  if (!(value >= 0 && value <= 1))
    throw new LabError('BAD_VALUE', `${what} takes a share from 0 to 1, like 0.2 or 20%; "${raw}" is none.`);
  return value;
}

/** A seed for a run that was not given one. */
export function drawSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}
