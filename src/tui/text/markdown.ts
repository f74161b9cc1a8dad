import {truncate, wrap} from './fit.ts';
import {clean, EMPTY, type Line, plain, type Span, span} from './line.ts';

/**
 * Markdown as rows of the screen: headings, paragraphs, lists, quotes, code and tables; what else there is stays as it was
 * written. A fence without a language is a diagram: it is cut rather than broken. Code with a language is broken.
 */
export function markdown(source: string, width: number): Line[] {
  const rows: Line[] = [];
  for (const block of blocks(clean(source))) {
    if (rows.length > 0 && block.apart) rows.push(EMPTY);
    rows.push(...draw(block, width));
  }
  return rows;
}

interface Block {
  readonly kind: 'heading' | 'paragraph' | 'item' | 'quote' | 'code' | 'diagram' | 'table' | 'rule';
  readonly text: string;
  /** Mark and indent of a list item. */
  readonly lead: string;
  /** An empty row stands before it. */
  readonly apart: boolean;
}

function draw({kind, text, lead}: Block, width: number): Line[] {
  switch (kind) {
    case 'heading':
      return wrap(plain(text, 'title'), width);
    case 'code':
      return text.split('\n').flatMap(row => wrap(plain(`  ${row}`, 'code'), width, '    '));
    case 'diagram':
    case 'table':
      return text.split('\n').map(row => truncate(plain(row, kind === 'diagram' ? 'code' : undefined), width));
    case 'rule':
      return [plain('─'.repeat(Math.min(width, 20)), 'faint')];
    case 'quote':
      return wrap([span('│ ', 'faint'), ...inline(text)], width, '│ ');
    default:
      return wrap([...(lead === '' ? [] : [span(lead)]), ...inline(text)], width, ' '.repeat(lead.length));
  }
}

function blocks(source: string): Block[] {
  const found: Block[] = [];
  let apart = true;
  let fence: {readonly mark: string; readonly kind: 'code' | 'diagram'; readonly rows: string[]} | undefined;
  for (const row of source.split(/\r?\n/)) {
    if (fence !== undefined) {
      if (row.trim().startsWith(fence.mark)) {
        found.push({kind: fence.kind, text: fence.rows.join('\n'), lead: '', apart: true});
        fence = undefined;
        apart = true;
      } else fence.rows.push(row);
      continue;
    }
    const opening = /^\s*(```+|~~~+)\s*(\S*)/.exec(row);
    if (opening !== null) {
      fence = {mark: opening[1] ?? '```', kind: DIAGRAM_LANGUAGES.has(opening[2] ?? '') ? 'diagram' : 'code', rows: []};
    } else if (row.trim() === '') {
      apart = true;
    } else {
      add(found, row, apart);
      apart = false;
    }
  }
  if (fence !== undefined) found.push({kind: fence.kind, text: fence.rows.join('\n'), lead: '', apart: true});
  return found;
}

/** Adds a row of source as a block of its own, or to the block before it where that goes on. */
function add(found: Block[], row: string, apart: boolean): void {
  const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(row);
  const item = /^(\s*)([-*+]|\d+[.)])\s+(.*)$/.exec(row);
  const quote = /^>\s?(.*)$/.exec(row);
  const last = found.at(-1);
  if (heading !== null) found.push({kind: 'heading', text: heading[1] ?? '', lead: '', apart: true});
  else if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(row)) found.push({kind: 'rule', text: '', lead: '', apart: true});
  else if (item !== null)
    found.push({
      kind: 'item',
      text: item[3] ?? '',
      lead: `${item[1]}${/\d/.test(item[2] ?? '') ? item[2] : '•'} `,
      apart,
    });
  else if (/^\s*\|.*\|\s*$/.test(row)) {
    const goesOn = !apart && last?.kind === 'table';
    if (goesOn) found[found.length - 1] = {...last, text: `${last.text}\n${row.trim()}`};
    else found.push({kind: 'table', text: row.trim(), lead: '', apart});
  } else if (
    !apart &&
    last !== undefined &&
    (last.kind === 'paragraph' || last.kind === 'item' || (last.kind === 'quote' && quote !== null))
  ) {
    found[found.length - 1] = {...last, text: `${last.text} ${(quote?.[1] ?? row).trim()}`};
  } else if (quote !== null) found.push({kind: 'quote', text: quote[1] ?? '', lead: '', apart});
  else found.push({kind: 'paragraph', text: row.trim(), lead: '', apart: apart || last?.kind === 'heading'});
}

/** Code, strong and emphasised words, and links as their words with the address behind them. */
function inline(text: string): Span[] {
  const spans: Span[] = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > from) spans.push(span(text.slice(from, match.index)));
    const [whole, code, strong, emphasis, words, address] = match;
    if (code !== undefined) spans.push(span(code, 'code'));
    else if (strong !== undefined) spans.push(span(strong, 'strong'));
    else if (emphasis !== undefined) spans.push(span(emphasis, 'strong'));
    else spans.push(span(words === address ? (words ?? '') : `${words} (${address})`));
    from = match.index + whole.length;
  }
  if (from < text.length) spans.push(span(text.slice(from)));
  return spans;
}

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|(?<![\w*])\*([^*\s](?:[^*]*[^*\s])?)\*(?![\w*])|\[([^\]]+)\]\(([^)\s]+)\)/g;
const DIAGRAM_LANGUAGES = new Set(['', 'text', 'txt', 'diagram', 'console']);
