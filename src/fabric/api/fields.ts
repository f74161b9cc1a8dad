import {Refusal} from './reply.ts';

/** The fields of a JSON object, each asked for by its name and type. As in Toxiproxy, null counts as absent. */
export interface Fields {
  text(name: string): string | undefined;
  number(name: string): number | undefined;
  flag(name: string): boolean | undefined;
  object(name: string): Readonly<Record<string, unknown>> | undefined;
  list(name: string): readonly unknown[] | undefined;
  any(name: string): unknown;
}

/** A body as JSON. A misspelt field is refused by its name: it would be a fault that is silently another one. */
export function parseBody(body: string): unknown {
  if (body.trim() === '') throw new Refusal(400, 'bad request body: EOF');
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new Refusal(400, `bad request body: ${error instanceof Error ? error.message : String(error)}`);
  }
}

export function fieldsOf(value: unknown, known: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Refusal(400, `bad request body: it is an object, not ${typeName(value)}`);
  const object = value as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(object).find(name => !known.includes(name));
  if (unknown !== undefined)
    throw new Refusal(
      400,
      `bad request body: there is no field ${JSON.stringify(unknown)}; there are ${known.join(', ')}`,
    );
  const get = <T>(name: string, wanted: string, is: (field: unknown) => field is T): T | undefined => {
    const field = Object.hasOwn(object, name) ? object[name] : undefined;
    if (field === undefined || field === null) return undefined;
    if (is(field)) return field;
    throw new Refusal(400, `bad request body: ${name} is ${wanted}, not ${typeName(field)}`);
  };
  return {
    text: name => get(name, 'a text', field => typeof field === 'string'),
    number: name => get(name, 'a number', field => typeof field === 'number'),
    flag: name => get(name, 'true or false', field => typeof field === 'boolean'),
    object: name =>
      get(
        name,
        'an object',
        (field): field is Readonly<Record<string, unknown>> => typeof field === 'object' && !Array.isArray(field),
      ),
    list: name => get(name, 'a list', (field): field is readonly unknown[] => Array.isArray(field)),
    any: name => get(name, 'anything', (field): field is unknown => true),
  };
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
