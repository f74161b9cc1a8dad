import {LabError} from '../errors.ts';
import type {ToxicAttributes} from '../fabric/fabric.ts';
import {TOXICS} from '../fabric/toxics/registry.ts';
import {nearest} from '../nearest.ts';
import {FAULT_CATALOGUE, type FaultAttribute, type FaultInfo} from './catalogue.ts';
import type {FaultRequest} from './fault.ts';
import {toxicAttributes} from './toxics.ts';

const FOR_MAX_MS = 86_400_000;
/** By the unit of an attribute: what may stand behind the figure. */
const SUFFIXES: Readonly<Record<'ms' | 'us' | 'bytes' | 'KB/s', Readonly<Record<string, number>>>> = {
  us: {us: 1, ms: 1000, s: 1_000_000},
  'KB/s': {b: 0.001, kb: 1, mb: 1000, gb: 1_000_000, 'b/s': 0.001, 'kb/s': 1, 'mb/s': 1000, 'gb/s': 1_000_000},
  ms: {ms: 1, s: 1000, m: 60_000, h: 3_600_000},
  bytes: {b: 1, kb: 1000, mb: 1_000_000, gb: 1_000_000_000},
};

export interface CheckedRequest {
  readonly info: FaultInfo;
  /** With names as in the catalogue, numbers as numbers, and defaults filled in. */
  readonly attributes: ToxicAttributes;
}

/** Holds a request against the catalogue. Errors: UNKNOWN_FAULT, UNKNOWN_ATTRIBUTE, BAD_VALUE. */
export function checkRequest(request: FaultRequest): CheckedRequest {
  const info = FAULT_CATALOGUE.find(({kind}) => kind === request.kind);
  if (info === undefined) {
    const kinds = FAULT_CATALOGUE.map(({kind}) => kind);
    throw new LabError('UNKNOWN_FAULT', `There is no fault "${request.kind}".${didYouMean(request.kind, kinds)}`);
  }
  const {forMs} = request;
  if (forMs !== undefined && !(forMs >= 1 && forMs <= FOR_MAX_MS)) {
    throw new LabError('BAD_VALUE', `A fault lasts from 1 ms to 24 hours, not ${forMs} ms.`);
  }
  const attributes = checkAttributes(info, request.attributes);
  const contradiction =
    info.toxic === undefined ? undefined : TOXICS[info.toxic].contradiction?.(toxicAttributes(attributes));
  if (contradiction !== undefined)
    throw new LabError('BAD_VALUE', `${info.kind}: ${contradiction.replaceAll('_', '-')}.`);
  return {info, attributes};
}

/** ` Did you mean "x"?`, or nothing. */
export function didYouMean(name: string, names: readonly string[]): string {
  const near = nearest(name, names);
  return near === undefined ? '' : ` Did you mean "${near}"?`;
}

function checkAttributes(info: FaultInfo, given: ToxicAttributes): ToxicAttributes {
  const result: Record<string, ToxicAttributes[string]> = {};
  for (const attribute of info.attributes) {
    if (attribute.default !== undefined) result[attribute.name] = attribute.default;
  }
  for (const [rawName, value] of Object.entries(given)) {
    const name = kebabCase(rawName);
    const attribute = info.attributes.find(known => known.name === name);
    if (attribute === undefined) {
      const names = info.attributes.map(known => known.name);
      const takes = names.length === 0 ? 'takes none' : `takes ${names.join(', ')}`;
      throw new LabError(
        'UNKNOWN_ATTRIBUTE',
        `${info.kind} has no attribute "${rawName}"; it ${takes}.${didYouMean(name, names)}`,
      );
    }
    result[name] = checkValue(info, attribute, value);
  }
  for (const attribute of info.attributes) {
    if (attribute.required === true && result[attribute.name] === undefined) {
      throw new LabError(
        'BAD_VALUE',
        `${info.kind} needs ${attribute.name} (${attribute.meaning}), as in: ${info.example}`,
      );
    }
  }
  return result;
}

function checkValue(
  info: FaultInfo,
  attribute: FaultAttribute,
  value: ToxicAttributes[string],
): ToxicAttributes[string] {
  const refuse = (wanted: string): LabError =>
    new LabError('BAD_VALUE', `${attribute.name} of ${info.kind} is ${wanted}, not ${JSON.stringify(value)}.`);
  switch (attribute.type) {
    case 'number':
    case 'whole': {
      const [min, max] = attribute.range ?? [0, Number.MAX_SAFE_INTEGER];
      const number = toNumber(value, attribute.unit);
      const wrong =
        number === undefined ||
        number < min ||
        number > max ||
        (attribute.type === 'whole' && !Number.isInteger(number));
      if (wrong)
        throw refuse(
          `a ${attribute.type === 'whole' ? 'whole ' : ''}number from ${min} to ${max}${attribute.unit === undefined ? '' : ` ${attribute.unit}`}`,
        );
      return number;
    }
    case 'choice': {
      const choices = attribute.choices ?? [];
      if (typeof value !== 'string' || !choices.includes(value)) throw refuse(`one of ${choices.join(', ')}`);
      return value;
    }
    case 'points': {
      const points = typeof value === 'string' ? value.split(',').map(point => point.trim()) : [];
      const choices = attribute.choices ?? [];
      const wrong = points.find(point => !choices.includes(point));
      if (points.length > 0 && wrong === undefined) return points.join(',');
      const hint = wrong === undefined ? '' : didYouMean(wrong, choices);
      throw new LabError(
        'BAD_VALUE',
        `${attribute.name} of ${info.kind} is one or more of ${choices.join(', ')}, not ${JSON.stringify(value)}.${hint}`,
      );
    }
    case 'text':
      if (typeof value !== 'string' || value === '') throw refuse('a text');
      return value;
    case 'match':
      if (typeof value !== 'object') throw refuse('an object with method and path');
      return value;
  }
}

function toNumber(value: ToxicAttributes[string], unit: FaultAttribute['unit']): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string') return undefined;
  const [, digits, suffix = ''] = /^(-?\d+(?:\.\d+)?)([a-z/]*|%)$/.exec(value.trim().toLowerCase()) ?? [];
  if (digits === undefined) return undefined;
  if (suffix === '') return Number(digits);
  if (suffix === '%') return unit === undefined ? Number(digits) / 100 : undefined;
  const factor = unit === undefined ? undefined : SUFFIXES[unit][suffix];
  // Rounded: 4.1 s are 4100 ms, and not 4099.999…
  return factor === undefined ? undefined : Number((Number(digits) * factor).toPrecision(12));
}

function kebabCase(name: string): string {
  return name.replaceAll('_', '-').replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);
}
