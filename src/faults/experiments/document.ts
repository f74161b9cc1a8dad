import {type Document, isMap, isNode, isPair, LineCounter, type Node, parseDocument} from 'yaml';
import type {Locate, Mistake, Path} from './mistakes.ts';

/** Largest experiment that is read, bytes of text. */
export const EXPERIMENT_BYTES_MAX = 1_000_000;
/** Deeper than any experiment is meant to be, and shallower than what a parser's stack takes. */
const DEPTH_MAX = 200;

export interface ParsedText {
  readonly value: unknown;
  readonly locate: Locate;
}

/** Reads YAML (which JSON is too) and remembers where everything stands. */
export function parseText(text: string): ParsedText | {readonly mistakes: readonly Mistake[]} {
  if (text.length > EXPERIMENT_BYTES_MAX) return broken('An experiment has 1 MB of text at most.');
  if (isTooDeep(text)) return broken(`An experiment is nested ${DEPTH_MAX} levels deep at most.`);
  const counter = new LineCounter();
  try {
    const document = parseDocument(text, {
      lineCounter: counter,
      uniqueKeys: true,
      prettyErrors: false,
      merge: true,
      stringKeys: true,
    });
    if (document.errors.length > 0) {
      const mistakes = document.errors.map(({message, pos}) => {
        const {line, col} = counter.linePos(pos[0]);
        return {
          line: Math.max(1, line),
          column: Math.max(1, col),
          message: `This is not YAML or JSON: ${sentence(message)}`,
        };
      });
      return {mistakes};
    }
    // Aliases in YAML can blow up to any size; the library's bound makes an error of that.
    return {value: document.toJS({maxAliasCount: 100}), locate: locator(document, counter)};
  } catch (error) {
    return broken(`This cannot be read: ${sentence(error instanceof Error ? error.message : String(error))}`);
  }
}

/** Of what is not in the text itself (it came through an alias or is missing), the place of what it would be in. */
function locator(document: Document, counter: LineCounter): Locate {
  const placeOf = (node: unknown): {line: number; column: number} | undefined => {
    if (!isNode(node) || node.range === null || node.range === undefined) return undefined;
    const {line, col} = counter.linePos(node.range[0]);
    return line > 0 ? {line, column: col} : undefined;
  };
  return (path, what) => {
    for (let length = path.length; length > 0; length--) {
      const part = path.slice(0, length);
      const wantsKey = length === path.length ? what === 'key' : true;
      const place = (wantsKey ? placeOf(keyAt(document, part)) : undefined) ?? placeOf(nodeAt(document, part));
      if (place !== undefined) return place;
    }
    return placeOf(document.contents) ?? {line: 1, column: 1};
  };
}

function nodeAt(document: Document, path: Path): unknown {
  try {
    return document.getIn([...path], true);
  } catch {
    return undefined;
  }
}

function keyAt(document: Document, path: Path): Node | undefined {
  const owner = path.length === 1 ? document.contents : nodeAt(document, path.slice(0, -1));
  if (!isMap(owner)) return undefined;
  const pair = owner.items.find(item => isPair(item) && String(item.key) === String(path.at(-1)));
  return isNode(pair?.key) ? pair.key : undefined;
}

/** Counts brackets and indentation, without a parser: those of the library call themselves for each level. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (const character of text) {
    if (character === '[' || character === '{') depth++;
    else if (character === ']' || character === '}') depth = Math.max(0, depth - 1);
    if (depth > DEPTH_MAX) return true;
  }
  return (
    new RegExp(`^(?:[ \\t]*[-?:][ \\t]){${DEPTH_MAX}}`, 'm').test(text) ||
    new RegExp(`^ {${DEPTH_MAX * 4},}\\S`, 'm').test(text)
  );
}

function broken(message: string): {readonly mistakes: readonly Mistake[]} {
  return {mistakes: [{line: 1, column: 1, message}]};
}

function sentence(message: string): string {
  const first = (message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '').trim();
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
