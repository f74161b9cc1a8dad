import {cells, graphemes, type Line, lineCells, type Span, span} from './line.ts';

/** Cuts a row to a width; `…` shows that something is missing. */
export function truncate(line: Line, width: number): Line {
  if (lineCells(line) <= width) return line;
  const kept: Span[] = [];
  let left = width - 1;
  for (const part of line) {
    const text = head(part.text, left);
    kept.push({...part, text});
    left -= cells(text);
    if (text.length < part.text.length) break;
  }
  return width <= 0 ? [] : [...kept, span('…', 'faint')];
}

/** Fills a row with spaces to a width, for columns and for rows that are drawn inverse. */
export function pad(line: Line, width: number): Line {
  const missing = width - lineCells(line);
  return missing > 0
    ? [...line, span(' '.repeat(missing), line.at(-1)?.tone === 'chosen' ? 'chosen' : undefined)]
    : line;
}

/** A text in a column: cut or filled to exactly `width`. */
export function column(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const cut = truncate([span(text)], width)
    .map(part => part.text)
    .join('');
  const fill = ' '.repeat(Math.max(0, width - cells(cut)));
  return align === 'left' ? cut + fill : fill + cut;
}

/** Breaks a row at spaces so that no row is wider than `width`; following rows start with `hang`. Words that are too long are cut. */
export function wrap(line: Line, width: number, hang = ''): Line[] {
  const rows: Span[][] = [[]];
  let used = 0;
  const indent = cells(hang) < width / 2 ? hang : '';
  const breakRow = () => {
    rows.push(indent === '' ? [] : [span(indent)]);
    used = cells(indent);
  };
  const put = (text: string, tone: Span['tone']) => {
    const row = rows.at(-1) ?? [];
    const last = row.at(-1);
    if (last !== undefined && last.tone === tone) row[row.length - 1] = {...last, text: last.text + text};
    else row.push(span(text, tone));
    used += cells(text);
  };
  for (const {word, tone} of words(line)) {
    const blank = word.trim() === '';
    if (used + cells(word) > width) {
      if (blank) continue;
      if (used > cells(indent)) breakRow();
    }
    if (blank && rows.length > 1 && used <= cells(indent)) continue;
    let rest = word;
    while (cells(rest) > width - used) {
      const part = head(rest, Math.max(1, width - used)) || (graphemes(rest)[0] ?? '');
      put(part, tone);
      rest = rest.slice(part.length);
      if (rest === '') break;
      breakRow();
    }
    if (rest !== '') put(rest, tone);
  }
  return rows;
}

/** The longest start of a text that fits into a width. */
function head(text: string, width: number): string {
  if (cells(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const part of graphemes(text)) {
    used += cells(part);
    if (used > width) break;
    kept += part;
  }
  return kept;
}

function words(line: Line): {word: string; tone: Span['tone']}[] {
  return line.flatMap(({text, tone}) =>
    text
      .split(/( +)/)
      .filter(word => word !== '')
      .map(word => ({word, tone})),
  );
}
