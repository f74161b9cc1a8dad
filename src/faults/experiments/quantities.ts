const UNIT_MS: Readonly<Record<string, number>> = {ms: 1, s: 1000, m: 60_000, h: 3_600_000};
const DAY_MS = 86_400_000;

/** Milliseconds of `250ms`, `30s` or `2m`; a bare number counts as `unitMs`. Undefined: it is no duration, or longer than a day. */
export function readDuration(value: unknown, unitMs?: number): number | undefined {
  if (typeof value === 'number' && unitMs !== undefined) return within(value * unitMs);
  if (typeof value !== 'string') return undefined;
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(value.trim().toLowerCase()) ?? [];
  if (digits === undefined) return undefined;
  const factor = unit === '' ? unitMs : UNIT_MS[unit];
  return factor === undefined ? undefined : within(Number(digits) * factor);
}

/** Per second, of `50/s`, `50` or 50. */
export function readRate(value: unknown): number | undefined {
  const number = typeof value === 'string' ? Number(/^(\d+(?:\.\d+)?)(?:\/s)?$/.exec(value.trim())?.[1]) : value;
  return typeof number === 'number' && number > 0 && number <= 100_000 ? number : undefined;
}

/** A share of 0.99 or "99%". */
export function readShare(value: unknown): number | undefined {
  const percent = typeof value === 'string' ? /^(\d+(?:\.\d+)?) ?%$/.exec(value.trim())?.[1] : undefined;
  const number = percent === undefined ? value : Number(percent) / 100;
  return typeof number === 'number' && number >= 0 && number <= 1 ? number : undefined;
}

/** The shortest way to write a duration, ms. */
export function writeDuration(ms: number): string {
  for (const [unit, factor] of [
    ['m', 60_000],
    ['s', 1000],
  ] as const)
    if (ms > 0 && ms % factor === 0) return `${ms / factor}${unit}`;
  return ms > 1000 ? `${Number((ms / 1000).toFixed(3))}s` : `${Math.round(ms)}ms`;
}

function within(ms: number): number | undefined {
  return ms >= 0 && ms <= DAY_MS ? Math.round(ms) : undefined;
}
