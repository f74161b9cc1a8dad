const BARS = '▁▂▃▄▅▆▇█';

/** A row of bars, one character per value; `·` where nothing was measured and a space where the value is 0. */
export function sparkBars(values: readonly (number | null)[]): string {
  const largest = values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
  return values
    .map(value => {
      if (value === null || !Number.isFinite(value)) return '·';
      if (value <= 0) return ' ';
      return BARS[Math.min(BARS.length - 1, Math.floor((value / largest) * BARS.length))] ?? '█';
    })
    .join('');
}

/** `count` equal stretches of a span, each with what `of` makes of it. */
export function sampled<T>(
  span: {readonly from: number; readonly to: number},
  count: number,
  of: (from: number, to: number) => T,
): readonly T[] {
  const step = (span.to - span.from) / count;
  return Array.from({length: count}, (_, index) => of(span.from + index * step, span.from + (index + 1) * step));
}
