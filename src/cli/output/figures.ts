/** Milliseconds for people: three figures at most. */
export function ms(value: number): string {
  if (!Number.isFinite(value)) return '-';
  if (value < 9.95) return `${value.toFixed(1)} ms`;
  if (value < 9999.5) return `${Math.round(value)} ms`;
  return seconds(value);
}

/** A duration in ms as seconds or minutes, for people. */
export function seconds(value: number): string {
  if (value < 9_950) return `${(value / 1000).toFixed(1)} s`;
  if (value < 119_500) return `${Math.round(value / 1000)} s`;
  const whole = Math.round(value / 1000);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

export function percent(share: number): string {
  const value = share * 100;
  return `${value !== 0 && value < 10 ? value.toFixed(1) : Math.round(value)} %`;
}

/** A bar of `width` cells, filled in eighths. */
export function bar(share: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * width * 8);
  const full = Math.floor(eighths / 8);
  const rest = eighths % 8;
  return '█'.repeat(full) + (rest === 0 ? '' : (' ▏▎▍▌▋▊▉'[rest] ?? ''));
}

/** `12:03:59`, local time. */
export function clockTime(unixMs: number): string {
  return new Date(unixMs).toTimeString().slice(0, 8);
}
