import {LabError} from '../../errors.ts';

/** Toxiproxy's units: 1 KB = 1000 B. */
const UNIT_BYTES = {b: 1, kb: 1000, mb: 1_000_000, gb: 1_000_000_000} as const;

/** Bytes of `512B`, `64KB`, `10MB` or `1GB`; `what` names the flag or attribute in the error. */
export function parseSize(raw: string, what: string): number {
  const match = /^(\d+(?:\.\d+)?)(b|kb|mb|gb)$/.exec(raw.trim().toLowerCase());
  if (match === null)
    throw new LabError('BAD_VALUE', `${what} takes a size with its unit, like 64KB or 10MB; "${raw}" is none.`);
  const bytes = Math.round(Number(match[1]) * UNIT_BYTES[match[2] as keyof typeof UNIT_BYTES]);
  if (!Number.isSafeInteger(bytes)) throw new LabError('BAD_VALUE', `${what} is too large: "${raw}".`);
  return bytes;
}

/** The shortest exact way to write a size in bytes. */
export function formatSize(bytes: number): string {
  for (const unit of ['gb', 'mb', 'kb'] as const) {
    if (bytes > 0 && bytes % UNIT_BYTES[unit] === 0) return `${bytes / UNIT_BYTES[unit]}${unit.toUpperCase()}`;
  }
  return `${bytes}B`;
}

/** A size in bytes for people: three figures and a unit. */
export function roughSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const [unit, scale] =
    bytes < 1e6 ? (['KB', 1e3] as const) : bytes < 1e9 ? (['MB', 1e6] as const) : (['GB', 1e9] as const);
  const value = bytes / scale;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}
