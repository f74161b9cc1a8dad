import {asArray, asObject, numberOr, type Schema} from './schema.ts';

/** A value beside the one that was given, and what is odd about it. Whether it is still one of the schema is not said. */
export interface Spoilt {
  readonly what: string;
  readonly value: unknown;
}

/** What programs stumble over, of every type. */
const ODD: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 53,
  1e308,
  '',
  ' ',
  '0',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\u202e',
  "'; --",
  [],
  [[]],
  {},
  [null],
];
const LONG = 3_000;

/** Values that differ from `value`, one of `schema`, in one place each. */
export function spoil(schema: Schema, value: unknown, place = 'the body'): readonly Spoilt[] {
  const here = ODD.map(odd => ({what: `${place} is ${shown(odd)}`, value: odd}));
  const alternatives = asArray(schema.anyOf ?? schema.oneOf).map(asObject);
  return [
    ...here,
    ...atItsBounds(schema, value, place),
    ...(isObject(value) ? spoilObject(schema, value, place) : []),
    ...(Array.isArray(value) ? spoilList(schema, value, place) : []),
    ...alternatives.flatMap(one => (isObject(value) ? spoilObject(one, value, place) : [])),
  ];
}

function spoilObject(schema: Schema, value: Readonly<Record<string, unknown>>, place: string): Spoilt[] {
  const properties = asObject(schema.properties);
  const missing = Object.keys(value).map(name => {
    const {[name]: _, ...rest} = value;
    return {what: `${name} is missing`, value: rest};
  });
  const inside = Object.entries(value).flatMap(([name, one]) =>
    spoil(asObject(properties[name]), one, name).map(({what, value: odd}) => ({what, value: {...value, [name]: odd}})),
  );
  const extra = ['extra', 'constructor', 'id'].filter(name => value[name] === undefined || !Object.hasOwn(value, name));
  return [
    ...missing,
    ...inside,
    ...extra.map(name => ({what: `${place} has ${name} besides`, value: {...value, [name]: 'x'}})),
  ];
}

function spoilList(schema: Schema, value: readonly unknown[], place: string): Spoilt[] {
  const [first] = value;
  const inside = spoil(asObject(schema.items), first, `one of ${place}`).map(({what, value: odd}) => ({
    what,
    value: [odd, ...value.slice(1)],
  }));
  return [
    ...(value.length === 0 ? [] : inside),
    {what: `${place} is a list and its first twice`, value: [first, ...value]},
  ];
}

function atItsBounds(schema: Schema, value: unknown, place: string): Spoilt[] {
  const {minLength, maxLength, minimum, maximum, minItems, maxItems} = schema;
  const spoilt: Spoilt[] = [];
  if (typeof value === 'string') {
    const of = (length: number): string => 'x'.repeat(length);
    if (numberOr(minLength, 0) > 0) spoilt.push({what: `${place} is too short`, value: of(numberOr(minLength, 1) - 1)});
    if (typeof maxLength === 'number') spoilt.push({what: `${place} is too long`, value: of(maxLength + 1)});
    spoilt.push(
      {what: `${place} is very long`, value: of(LONG)},
      {what: `${place} is of wide characters`, value: '😀'.repeat(40)},
    );
  }
  if (typeof value === 'number') {
    if (typeof minimum === 'number') spoilt.push({what: `${place} is too small`, value: minimum - 1});
    if (typeof maximum === 'number') spoilt.push({what: `${place} is too large`, value: maximum + 1});
  }
  if (Array.isArray(value)) {
    const many = (count: number): unknown[] => Array.from({length: count}, () => value[0] ?? 0);
    if (numberOr(minItems, 0) > 0) spoilt.push({what: `${place} has too few`, value: many(numberOr(minItems, 1) - 1)});
    if (typeof maxItems === 'number') spoilt.push({what: `${place} has too many`, value: many(maxItems + 1)});
  }
  return spoilt;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  return JSON.stringify(value);
}
