/** Tables and paragraphs keep within this many columns, on wider terminals too. */
export const WIDTH_MAX = 80;
const WIDTH_MIN = 40;

/** Columns to fill on a stream; 80 where it is no terminal. */
export function widthOf(stream: {readonly columns?: number | undefined}): number {
  return Math.max(WIDTH_MIN, Math.min(stream.columns ?? WIDTH_MAX, WIDTH_MAX));
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences start with one.
const ESCAPES = /\u001b\[[0-9;]*m/g;

/** Characters that a text takes on the screen, without its colours. */
export function visibleLength(text: string): number {
  return [...text.replace(ESCAPES, '')].length;
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - visibleLength(text)));
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - visibleLength(text))) + text;
}

/** Lines of at most `width` characters, broken at spaces; a word that is longer stays whole, so that it can be copied. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(/ +/)) {
      if (line !== '' && visibleLength(line) + 1 + visibleLength(word) > width) {
        lines.push(line);
        line = word;
      } else {
        line = line === '' ? word : `${line} ${word}`;
      }
    }
    lines.push(line);
  }
  return lines;
}

/** Wraps and indents; the first line starts with `first`, which takes the place of the indent. */
export function block(text: string, width: number, indent: string, first = indent): string[] {
  return wrap(text, width - indent.length).map(
    (line, index) => (index === 0 ? padEnd(first, indent.length) : indent) + line,
  );
}

/** `1 node`, `2 nodes`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

/** `a, b and c`. */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
