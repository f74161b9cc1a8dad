import {oneLine, visible} from '../untrusted.ts';

const TEXT_MAX = 1000;

/** Text within a line in which nothing is read as Markdown or HTML. */
export function plain(text: string, charactersMax = TEXT_MAX): string {
  return (
    visible(oneLine(text, charactersMax))
      .replace(/[\\*_[\]|~]/g, character => `\\${character}`)
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('`', '&#96;')
      // Addresses would become links, and names with an @ would call people.
      .replace(/:\/\/|@|\bwww\./gi, found => `${found[0]}&#8203;${found.slice(1)}`)
  );
}

/** The same where it begins a line: not read as a heading, a quotation or a list either. */
export function paragraph(text: string): string {
  return plain(text).replace(/^(\d*)([#>+.)=-])/, '$1\\$2');
}

/** A span of code on one line; its fence is longer than any row of backticks within. */
export function code(text: string, charactersMax = TEXT_MAX): string {
  const line = visible(oneLine(text, charactersMax));
  if (line === '') return '` `';
  const fence = '`'.repeat(longestRow(line) + 1);
  const space = line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  return `${fence}${space}${line}${space}${fence}`;
}

/** A block of code; `text` keeps its lines. */
export function codeBlock(text: string): string {
  const safe = visible(text);
  const fence = '`'.repeat(Math.max(3, longestRow(safe) + 1));
  return `${fence}text\n${safe}\n${fence}`;
}

/** A table of cells that are Markdown already. */
export function markdownTable(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  figuresFrom = Number.POSITIVE_INFINITY,
): string {
  const row = (cells: readonly string[]): string => `| ${cells.map(escapedBars).join(' | ')} |`;
  return [row(heads), row(heads.map((_, index) => (index >= figuresFrom ? '---:' : '---'))), ...rows.map(row)].join(
    '\n',
  );
}

/** A bar within a cell, in code too, needs an odd number of backslashes before it, or it ends the cell. */
function escapedBars(cell: string): string {
  return cell.replace(/(\\*)\|/g, (found, before: string) => (before.length % 2 === 0 ? `${before}\\|` : found));
}

function longestRow(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([row]) => row.length));
}
