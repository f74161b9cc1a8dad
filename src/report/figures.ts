/** Durations and latencies in ms for people: three figures at most below ten seconds. */
export function milliseconds(value: number): string {
  if (!Number.isFinite(value)) return '-';
  const size = Math.abs(value);
  if (size > 0 && size < 0.05) return '< 0.1 ms';
  if (size < 9.95) return `${Number(value.toFixed(1))} ms`;
  return size < 999.5 ? `${Math.round(value)} ms` : seconds(value);
}

/** A duration in ms as seconds, or minutes and seconds. */
export function seconds(value: number): string {
  if (!Number.isFinite(value)) return '-';
  const sign = value < 0 ? '-' : '';
  const size = Math.abs(value);
  if (size < 119_500) return `${sign}${Number((size / 1000).toFixed(size < 9_950 ? 2 : 1))} s`;
  const whole = Math.round(size / 1000);
  return `${sign}${grouped(Math.floor(whole / 60))} min ${whole % 60} s`;
}

/** Seconds since the start, with a sign: `+12.5 s`. */
export function offset(at: number, start: number): string {
  const text = seconds(at - start);
  return text.startsWith('-') ? text : `+${text}`;
}

/** A share of 0 to 1. What is more than nothing is never told as 0 %, and less than all never as 100 %. */
export function percent(share: number): string {
  if (!Number.isFinite(share)) return '-';
  const value = share * 100;
  if (value > 0 && value < 0.1) return '< 0.1 %';
  if (value < 100 && value >= 99.95) return '> 99.9 %';
  return `${Number(value.toFixed(1))} %`;
}

export function grouped(value: number): string {
  // Nothing that is counted gets there; what does must not be wider than a page.
  if (Math.abs(value) >= 1e15) return value.toExponential(2);
  return Number.isFinite(value) ? Number(value.toFixed(1)).toLocaleString('en-US') : '-';
}

/** `1 fault`, `2 faults`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${grouped(count)} ${count === 1 ? noun : plural}`;
}

/** `2026-11-27 06:25:22 UTC`: a report is read in more than one time zone. */
export function dateAndTime(unixMs: number): string {
  const date = new Date(unixMs);
  return Number.isNaN(date.getTime()) ? 'at no known time' : `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
