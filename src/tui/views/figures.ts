/** Figures short enough for a column, with their unit. */
export function milliseconds(value: number): string {
  if (value >= 10_000) return `${(value / 1000).toFixed(0)}s`;
  return value >= 100 ? `${value.toFixed(0)}ms` : `${value.toFixed(1)}ms`;
}

export function rate(perSecond: number): string {
  return `${perSecond >= 10 ? perSecond.toFixed(0) : perSecond.toFixed(1)}/s`;
}

export function share(value: number): string {
  const percent = value * 100;
  return `${percent > 0 && percent < 10 ? percent.toFixed(1) : percent.toFixed(0)}%`;
}

export function seconds(ms: number): string {
  const value = Math.max(0, ms) / 1000;
  return value >= 60
    ? `${Math.floor(value / 60)} min ${Math.floor(value % 60)} s`
    : `${value.toFixed(value < 10 ? 1 : 0)} s`;
}

export function bytes(value: number): string {
  return value >= 1e9 ? `${(value / 1e9).toFixed(1)} GB` : `${(value / 1e6).toFixed(0)} MB`;
}

/** `12:01:07` of the learner's own day. */
export function clockTime(at: number): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(part => String(part).padStart(2, '0')).join(':');
}
