import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect} from 'vitest';
import {root} from './learner.ts';

/** Marks that the comments of docs/json.md put on a key. */
interface Example {
  readonly mayBeNull: boolean;
  readonly mayBeAbsent: boolean;
  /** Its own keys are names, or it is shown elsewhere: it is not looked into. */
  readonly open: boolean;
  readonly value: unknown;
}

/** Expects a document of `--json` to have the shape that docs/json.md shows below the heading that names the command. */
export function expectDocumented(command: string, document: unknown): void {
  expect(differences(exampleOf(command), document, '')).toEqual([]);
}

/** The commands that docs/json.md describes. */
export function documentedCommands(): readonly string[] {
  return sections().flatMap(({names}) => names);
}

function exampleOf(command: string): unknown {
  const section = sections().find(({names}) => names.includes(command));
  if (section === undefined) throw new Error(`docs/json.md has no example of "${command}"`);
  return section.example;
}

function sections(): readonly {readonly names: readonly string[]; readonly example: unknown}[] {
  const text = readFileSync(join(root, 'docs', 'json.md'), 'utf8');
  return [...text.matchAll(/^## (.+)\n[\s\S]*?^```jsonc\n([\s\S]*?)^```$/gm)].map(([, heading = '', block = '']) => ({
    names: heading.includes('`') ? [...heading.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name) : [heading],
    example: JSON.parse(block.split('\n').map(markKey).join('\n')),
  }));
}

/** Moves what a line's comment says into its key: `"pid": 420 // may be absent` becomes `"pid|absent": 420`. */
function markKey(line: string): string {
  const [, before, key, rest, comment] =
    /^(\s*)"([^"]+)":(.*?)\s*\/\/ ((?:or null|may be absent|by name|see ).*)$/.exec(line) ?? [];
  if (key === undefined || comment === undefined) return line;
  const marks = [
    comment.startsWith('or null') ? '|null' : '',
    comment.startsWith('may be absent') ? '|absent' : '',
    /^(by name|see )/.test(comment) ? '|open' : '',
  ];
  return `${before}"${key}${marks.join('')}":${rest}`;
}

function differences(example: unknown, found: unknown, path: string): string[] {
  if (Array.isArray(example)) {
    if (!Array.isArray(found)) return [`${path} is no list`];
    // An empty example says nothing of its elements.
    return example.length === 0
      ? []
      : found.flatMap((element, index) => differences(example[0], element, `${path}[${index}]`));
  }
  if (!isRecord(example))
    return typeof found === typeof example ? [] : [`${path} is ${kindOf(found)}, not ${kindOf(example)}`];
  if (!isRecord(found)) return [`${path} is ${kindOf(found)}, not an object`];
  const known = new Map(Object.entries(example).map(([key, value]) => [nameOf(key), marked(key, value)]));
  const unknown = Object.keys(found).filter(key => !known.has(key));
  return [
    ...unknown.map(key => `${path}.${key} is not documented`),
    ...[...known].flatMap(([key, {value, mayBeNull, mayBeAbsent, open}]) => {
      const at = `${path}.${key}`;
      if (!(key in found)) return mayBeAbsent ? [] : [`${at} is missing`];
      if (found[key] === null) return mayBeNull ? [] : [`${at} is null`];
      if (open) return isRecord(found[key]) ? [] : [`${at} is no object`];
      // A default may be a number or a word.
      return key === 'default' ? [] : differences(value, found[key], at);
    }),
  ];
}

function nameOf(key: string): string {
  return key.split('|')[0] ?? key;
}

function marked(key: string, value: unknown): Example {
  const marks = key.split('|').slice(1);
  return {
    value,
    mayBeNull: marks.includes('null'),
    mayBeAbsent: marks.includes('absent'),
    open: marks.includes('open'),
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value;
}
