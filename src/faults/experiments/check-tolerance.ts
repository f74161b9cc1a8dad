import {compile} from 'json-p3';
import type {HttpProvider, ProcessProvider, Tolerance} from './experiment.ts';
import {isRecord, kindOf, type Mistakes, type Path} from './mistakes.ts';

const TYPES = ['regex', 'jsonpath', 'range', 'probe'] as const;
const KEYS: Readonly<Record<(typeof TYPES)[number], readonly string[]>> = {
  regex: ['type', 'pattern', 'target'],
  jsonpath: ['type', 'path', 'target', 'count', 'expect'],
  range: ['type', 'range', 'target'],
  probe: ['type', 'name', 'provider'],
};

/** Chaos Toolkit's tolerances: a scalar, a list, or a mapping with a type. `readProvider` reads what a tolerance asks itself. */
export function checkTolerance(
  raw: unknown,
  path: Path,
  mistakes: Mistakes,
  readProvider: (raw: unknown, path: Path) => HttpProvider | ProcessProvider | undefined,
): Tolerance | undefined {
  if (typeof raw === 'string' || typeof raw === 'number' || typeof raw === 'boolean')
    return {kind: 'equals', value: raw};
  if (Array.isArray(raw)) {
    if (raw.length === 2 && raw.every(each => typeof each === 'number') && Number(raw[0]) > Number(raw[1]))
      return mistakes.add(path, `A list of two goes from the smaller to the larger, not from ${raw[0]} to ${raw[1]}.`);
    return raw.length > 0
      ? {kind: 'list', values: raw}
      : mistakes.add(path, 'An empty list holds nothing: no output would do.');
  }
  if (!isRecord(raw))
    return mistakes.add(path, `A tolerance is a value, a list or a mapping with a type, not ${kindOf(raw)}.`);
  const at = (key: string): Path => (key in raw ? [...path, key] : path);
  const type = mistakes.choice(raw.type, at('type'), 'The type of a tolerance', TYPES);
  if (type === undefined) return undefined;
  mistakes.unknownKeys(raw, path, KEYS[type], `A tolerance of the type ${type}`);
  const target =
    raw.target === undefined ? undefined : mistakes.text(raw.target, at('target'), 'The target of a tolerance');
  switch (type) {
    case 'regex': {
      const pattern = mistakes.text(raw.pattern, at('pattern'), 'The pattern');
      const problem = pattern === undefined ? undefined : patternProblem(pattern);
      if (problem !== undefined) mistakes.add(at('pattern'), `The pattern cannot be read: ${problem}.`);
      return pattern === undefined ? undefined : {kind: 'regex', pattern, target};
    }
    case 'jsonpath': {
      const expression = mistakes.text(raw.path, at('path'), 'The JSON path');
      const problem = expression === undefined ? undefined : jsonPathProblem(expression);
      if (problem !== undefined) mistakes.add(at('path'), `The JSON path cannot be read: ${problem}.`);
      const count = raw.count === undefined ? undefined : mistakes.number(raw.count, at('count'), 'The count', 0, 1e9);
      if (expression === undefined) return undefined;
      return {kind: 'jsonpath', path: expression, target, count, ...('expect' in raw ? {expect: raw.expect} : {})};
    }
    case 'range': {
      const range = Array.isArray(raw.range) ? raw.range : [];
      const [low, high] = range;
      if (range.length !== 2 || typeof low !== 'number' || typeof high !== 'number' || low > high)
        return mistakes.add(at('range'), 'A range is a list of two numbers, the smaller first.');
      return {kind: 'range', range: [low, high], target};
    }
    case 'probe': {
      const name = mistakes.text(raw.name, at('name'), 'The name of a tolerance');
      const provider = readProvider(raw.provider, at('provider'));
      return name === undefined || provider === undefined ? undefined : {kind: 'probe', name, provider};
    }
  }
}

/** Why a pattern cannot be used, or undefined. */
export function patternProblem(pattern: string): string | undefined {
  try {
    new RegExp(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : String(error);
  }
}

function jsonPathProblem(path: string): string | undefined {
  try {
    compile(path);
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  }
}
