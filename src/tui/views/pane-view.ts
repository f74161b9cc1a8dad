import type {Line} from '../text/line.ts';

/** A pane as rows: how many of them are seen is the layout's to decide. */
export interface PaneView {
  readonly title: string;
  readonly lines: readonly Line[];
  /** The row that has to be seen, where there is a cursor. */
  readonly cursorRow?: number;
}

/** The first row seen in a window of a height: the cursor stays in sight, an offset past the end is the end. */
export function firstRow({lines, cursorRow}: PaneView, offset: number, height: number): number {
  const last = Math.max(0, lines.length - height);
  if (cursorRow === undefined) return Math.min(Math.max(0, offset), last);
  return Math.min(Math.max(0, cursorRow - Math.floor(height / 2)), last);
}
