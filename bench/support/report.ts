/** One figure of a bench, beside its bound. */
export interface Figure {
  readonly what: string;
  /** In `unit`; a ratio where the unit is `x`. */
  readonly value: number;
  readonly bound?: number;
  readonly unit: 'x' | 'MB' | '%' | '% of a core';
  /** What the figure was made of, for people. */
  readonly detail: string;
}

/** Prints figures as a table, or with `--json` as one document. A bench reports; it never fails because of a figure. */
export function printFigures(title: string, figures: readonly Figure[], json = process.argv.includes('--json')): void {
  const rows = figures.map(figure => ({
    ...figure,
    within: figure.bound === undefined ? null : figure.value <= figure.bound,
  }));
  if (json) {
    process.stdout.write(`${JSON.stringify({bench: title, figures: rows})}\n`);
    return;
  }
  const lines = rows.map(({what, value, bound, unit, detail, within}) => [
    what,
    `${rounded(value)} ${unit}`,
    bound === undefined ? '' : `<= ${bound} ${unit}`,
    within === null ? '' : within ? 'pass' : 'over',
    detail,
  ]);
  const table = [['', 'MEASURED', 'BOUND', '', ''], ...lines];
  const widths = table[0]?.map((_, column) => Math.max(...table.map(row => row[column]?.length ?? 0))) ?? [];
  process.stdout.write(`${title}\n`);
  for (const row of table) {
    process.stdout.write(
      `  ${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = sorted.length % 2 === 1 ? [sorted[middle], sorted[middle]] : [sorted[middle - 1], sorted[middle]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

/** Median, lowest and highest, in ms: how noisy the machine was can be seen. */
export function spread(values: readonly number[]): string {
  return `${Math.round(median(values))} ms (${Math.round(Math.min(...values))} to ${Math.round(Math.max(...values))})`;
}

/** A number of an option `--name 5` on the command line. */
export function option(name: string, otherwise: number): number {
  const at = process.argv.indexOf(`--${name}`);
  const value = at === -1 ? Number.NaN : Number(process.argv[at + 1]);
  return Number.isInteger(value) && value > 0 ? value : otherwise;
}

function rounded(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}
