import {nearest} from '../../nearest.ts';

export type Path = readonly (string | number)[];

/** Something wrong with an experiment's file, and where. Lines and columns count from 1. */
export interface Mistake {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** Where in the text a value, or the key of one, begins. */
export type Locate = (path: Path, what: 'key' | 'value') => {readonly line: number; readonly column: number};

/** Collects what is wrong, so that all of it is said at once. */
export class Mistakes {
  readonly #found: Mistake[] = [];
  readonly #locate: Locate;

  constructor(locate: Locate) {
    this.#locate = locate;
  }

  /** In the order of the text. */
  get all(): readonly Mistake[] {
    return this.#found.toSorted((a, b) => a.line - b.line || a.column - b.column);
  }

  add(path: Path, message: string, what: 'key' | 'value' = 'value'): undefined {
    this.#found.push({...this.#locate(path, what), message});
    return undefined;
  }

  /** Notes every key that is not one of these, with the nearest right one. */
  unknownKeys(value: Readonly<Record<string, unknown>>, path: Path, known: readonly string[], owner: string): void {
    for (const key of Object.keys(value)) {
      if (known.includes(key)) continue;
      const near = nearest(key, known);
      const hint = near === undefined ? ` It has ${known.join(', ')}.` : ` Did you mean "${near}"?`;
      this.add([...path, key], `${owner} has no "${short(key)}".${hint}`, 'key');
    }
  }

  /** A record, or undefined and a mistake. */
  record(value: unknown, path: Path, owner: string): Readonly<Record<string, unknown>> | undefined {
    if (isRecord(value)) return value;
    return this.add(path, `${owner} is a mapping of names to values, not ${kindOf(value)}.`);
  }

  /** A list, or an empty one and a mistake. */
  list(value: unknown, path: Path, owner: string): readonly unknown[] {
    if (Array.isArray(value)) return value;
    this.add(path, `${owner} is a list, not ${kindOf(value)}.`);
    return [];
  }

  /** A text that is not empty, or undefined and a mistake. */
  text(value: unknown, path: Path, owner: string): string | undefined {
    if (typeof value === 'string' && value.trim() !== '') return value;
    return this.add(path, `${owner} is a text, not ${kindOf(value)}.`);
  }

  choice<T extends string>(value: unknown, path: Path, owner: string, choices: readonly T[]): T | undefined {
    const found = choices.find(choice => choice === value);
    if (found !== undefined) return found;
    const near = typeof value === 'string' ? nearest(value, choices) : undefined;
    const hint = near === undefined ? '' : ` Did you mean "${near}"?`;
    const given = typeof value === 'string' ? `"${short(value)}"` : kindOf(value);
    return this.add(path, `${owner} is ${choices.join(', ')}, not ${given}.${hint}`);
  }

  number(value: unknown, path: Path, owner: string, min: number, max: number): number | undefined {
    if (typeof value === 'number' && value >= min && value <= max) return value;
    const given = typeof value === 'number' ? String(value) : kindOf(value);
    return this.add(path, `${owner} is a number from ${min} to ${max}, not ${given}.`);
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a value is, in words for a sentence. */
export function kindOf(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string') return value.trim() === '' ? 'an empty text' : `the text "${short(value)}"`;
  return `${short(String(value))}`;
}

function short(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}
