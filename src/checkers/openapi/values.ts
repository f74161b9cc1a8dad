import fc from 'fast-check';
import type {Random} from '../../random.ts';
import {asArray, asObject, numberOr, type Schema} from './schema.ts';

/** Values that make sense to the service, by the name of the property or parameter: ids that are there, passwords that are right. */
export type Known = Readonly<Record<string, readonly unknown[]>>;

export interface ValueOptions {
  readonly random: Random;
  readonly known?: Known;
  /** Which of several alternatives is taken, by turns. */
  readonly turn?: number;
}

/** A value of a schema. Alternatives are taken by turns, so that a few values show all of them. */
export function sampleValue(schema: Schema, options: ValueOptions, name = ''): unknown {
  const {random, known = {}, turn = 0} = options;
  const here = known[name];
  if (here !== undefined && here.length > 0) return random.pick(here);
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum)) return random.pick(schema.enum as unknown[]);
  const alternatives = asArray(schema.anyOf ?? schema.oneOf);
  if (alternatives.length > 0) return sampleValue(asObject(alternatives[turn % alternatives.length]), options, name);
  if (Array.isArray(schema.allOf)) return sampleValue(merged(schema.allOf.map(asObject)), options, name);
  switch (Array.isArray(schema.type) ? schema.type[turn % schema.type.length] : schema.type) {
    case 'object':
      return objectOf(schema, options);
    case 'array':
      return listOf(schema, options, name);
    case 'integer':
      return random.integer(numberOr(schema.minimum, 0), Math.min(numberOr(schema.maximum, 1_000), 2 ** 31));
    case 'number':
      return (
        numberOr(schema.minimum, 0) + random.next() * (numberOr(schema.maximum, 1_000) - numberOr(schema.minimum, 0))
      );
    case 'boolean':
      return random.next() < 0.5;
    case 'null':
      return null;
    case 'string':
      return textOf(schema, random);
    default:
      return schema.properties === undefined ? textOf(schema, random) : objectOf(schema, options);
  }
}

/** Alternatives of an object without what may be left out, half of the time. */
function objectOf(schema: Schema, options: ValueOptions): Readonly<Record<string, unknown>> {
  const required = asArray(schema.required);
  const taken = Object.entries(asObject(schema.properties)).filter(
    ([name]) => required.includes(name) || (options.turn ?? 0) % 2 === 1 || options.random.next() < 0.5,
  );
  return Object.fromEntries(taken.map(([name, one]) => [name, sampleValue(asObject(one), options, name)]));
}

function listOf(schema: Schema, options: ValueOptions, name: string): readonly unknown[] {
  const least = numberOr(schema.minItems, 0);
  const most = Math.min(numberOr(schema.maxItems, least + 3), least + 3);
  const count = options.random.integer(least, most);
  const items = Array.from({length: count}, () => sampleValue(asObject(schema.items), options, name));
  if (schema.uniqueItems !== true) return items;
  const seen = new Set<string>();
  return items.filter(item => !seen.has(JSON.stringify(item)) && seen.add(JSON.stringify(item)));
}

function textOf(schema: Schema, random: Random): string {
  const [least, most] = [numberOr(schema.minLength, 0), Math.min(numberOr(schema.maxLength, 40), 400)];
  if (typeof schema.format === 'string' && FORMATS[schema.format] !== undefined)
    return FORMATS[schema.format]?.(random) ?? '';
  const plain = random.hex(Math.max(least, Math.min(most, 12)));
  if (typeof schema.pattern !== 'string') return plain;
  const pattern = new RegExp(schema.pattern, 'u');
  if (pattern.test(plain)) return plain;
  const seed = random.integer(0, 2 ** 31 - 1);
  const drawn = fc.sample(fc.stringMatching(pattern, {size: 'xsmall'}), {seed, numRuns: 20});
  return drawn.find(text => text.length >= least && text.length <= most) ?? drawn[0] ?? plain;
}

const FORMATS: Readonly<Record<string, (random: Random) => string>> = {
  'date-time': random => new Date(random.integer(1_600_000_000, 1_700_000_000) * 1_000).toISOString(),
  date: random => new Date(random.integer(1_600_000_000, 1_700_000_000) * 1_000).toISOString().slice(0, 10),
  uuid: random => `${random.hex(8)}-${random.hex(4)}-4${random.hex(3)}-8${random.hex(3)}-${random.hex(12)}`,
  email: random => `${random.hex(8)}@example.org`,
  uri: random => `https://example.org/${random.hex(8)}`,
};

function merged(schemas: readonly Schema[]): Schema {
  const properties = Object.fromEntries(schemas.flatMap(one => Object.entries(asObject(one.properties))));
  return Object.assign({}, ...schemas, {properties, required: schemas.flatMap(one => asArray(one.required))}) as Schema;
}
