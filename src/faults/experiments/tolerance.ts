import {type JSONValue, query} from 'json-p3';
import type {Tolerance} from './experiment.ts';
import {isRecord} from './mistakes.ts';

/** Whether the output of a probe is as its tolerance wants it: Chaos Toolkit's rules. Those of the kind `probe` are asked elsewhere. */
export function isWithin(tolerance: Exclude<Tolerance, {kind: 'probe'}>, output: unknown): boolean {
  switch (tolerance.kind) {
    case 'equals': {
      const value =
        typeof tolerance.value === 'number' && isRecord(output) && 'status' in output ? output.status : output;
      return value === tolerance.value;
    }
    case 'list':
      return isInList(tolerance.values, output);
    case 'regex': {
      const value = targetOf(tolerance.target, output);
      return typeof value === 'string' && new RegExp(tolerance.pattern).test(value);
    }
    case 'range': {
      const value = targetOf(tolerance.target, output);
      const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
      const [low, high] = tolerance.range;
      return typeof number === 'number' && number >= low && number <= high;
    }
    case 'jsonpath':
      return matchesPath(tolerance, parsed(targetOf(tolerance.target, output)));
  }
}

/** A tolerance in words, for a report: `200`, `0 to 0.01`, `matches /ok/`. */
export function describeTolerance(tolerance: Tolerance): string {
  switch (tolerance.kind) {
    case 'equals':
      return JSON.stringify(tolerance.value);
    case 'list': {
      const [low, high] = tolerance.values;
      return tolerance.values.length === 2
        ? `${String(low)} to ${String(high)}`
        : `one of ${tolerance.values.map(each => JSON.stringify(each)).join(', ')}`;
    }
    case 'regex':
      return `a match of /${tolerance.pattern}/`;
    case 'range':
      return `${tolerance.range[0]} to ${tolerance.range[1]}`;
    case 'jsonpath':
      return `${tolerance.path}${'expect' in tolerance ? ` to be ${JSON.stringify(tolerance.expect)}` : tolerance.count === undefined ? ' to match' : ` to match ${tolerance.count} times`}`;
    case 'probe':
      return `what ${tolerance.name} accepts`;
  }
}

function isInList(values: readonly unknown[], output: unknown): boolean {
  if (isRecord(output) && 'status' in output) return values.includes(output.status);
  const [low, high] = values;
  if (values.length !== 2) return values.includes(output);
  if (typeof low === 'number' && typeof high === 'number')
    return typeof output === 'number' && output >= low && output <= high;
  return (
    typeof low === 'string' && typeof high === 'string' && typeof output === 'string' && output >= low && output <= high
  );
}

function matchesPath({path, count, ...rest}: Extract<Tolerance, {kind: 'jsonpath'}>, value: unknown): boolean {
  const values = query(path, value as JSONValue).values();
  if ('expect' in rest) {
    const expected = Array.isArray(rest.expect) ? rest.expect : [rest.expect];
    return JSON.stringify(values) === JSON.stringify(expected);
  }
  return count === undefined ? values.length > 0 : values.length === count;
}

function targetOf(target: string | undefined, output: unknown): unknown {
  return target !== undefined && isRecord(output) && target in output ? output[target] : output;
}

function parsed(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
