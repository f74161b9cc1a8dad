import {padEnd, padStart, visibleLength, wrap} from './text.ts';

export interface TableOptions {
  /** Columns to keep within. */
  readonly width: number;
  /** First row is a heading: how to draw one. */
  readonly heading?: (text: string) => string;
  /** Columns (from 0) whose cells stand at their right edge. */
  readonly right?: readonly number[];
  readonly indent?: string;
}

const GAP = 2;
const LAST_COLUMN_MIN = 12;

/** Aligned lines. Only the last column gives way: its cells wrap within what is left of the width. */
export function table(rows: readonly (readonly string[])[], options: TableOptions): string[] {
  const {width, heading, right = [], indent = ''} = options;
  const columns = Math.max(0, ...rows.map(row => row.length));
  if (columns === 0) return [];
  const widths = Array.from({length: columns}, (_, column) =>
    Math.max(0, ...rows.map(row => visibleLength(row[column] ?? ''))),
  );
  const before = widths.slice(0, -1).reduce((sum, each) => sum + each + GAP, indent.length);
  const lastWidth = Math.max(LAST_COLUMN_MIN, width - before);
  return rows.flatMap((row, index) => {
    const cells = widths
      .slice(0, -1)
      .map((cellWidth, column) => (right.includes(column) ? padStart : padEnd)(row[column] ?? '', cellWidth));
    const start = indent + cells.map(cell => cell + ' '.repeat(GAP)).join('');
    const last = row[columns - 1] ?? '';
    const wrapped =
      visibleLength(last) > lastWidth
        ? wrap(last, lastWidth)
        : [right.includes(columns - 1) ? padStart(last, widths[columns - 1] ?? 0) : last];
    const lines = wrapped.map((line, part) => ((part === 0 ? start : ' '.repeat(before)) + line).trimEnd());
    return index === 0 && heading !== undefined ? lines.map(heading) : lines;
  });
}
