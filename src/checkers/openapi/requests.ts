import type {Random} from '../../random.ts';
import type {ApiOperation, Parameter} from './document.ts';
import {numberOr, type Schema} from './schema.ts';
import {spoil} from './spoil.ts';
import {createValidator} from './validate.ts';
import {type Known, sampleValue, type ValueOptions} from './values.ts';

/** A request that was made from a description. */
export interface GeneratedRequest {
  readonly operation: ApiOperation;
  /** What is special about it. */
  readonly what: string;
  /**
   * `served`: as described. `refused`: against the description, has to be answered 4xx. `either`: odd, and nobody said what about it.
   * `elsewhere`: it does not reach the operation, and has to be answered 4xx.
   */
  readonly expect: 'served' | 'refused' | 'either' | 'elsewhere';
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The body's characters are bytes, which need not be UTF-8. */
  readonly isBytes?: boolean;
}

export interface RequestOptions {
  readonly random: Random;
  /** Values that the service knows, by the name of a property or parameter. */
  readonly known?: Known;
  /** What signs in: a whole `authorization` header. */
  readonly authorization?: string;
  /** Values that belong to somebody else, by the name of a path parameter. */
  readonly foreign?: Known;
  readonly valid: number;
  /** Spoilt requests at most, drawn from all that there are; default: all. */
  readonly spoiltMax?: number;
}

const BODY_BYTES_MAX = 1_048_576;
/** For operations that know of deadlines, which they say by 504. */
const BAD_DEADLINES = ['soon', '-1', '1e99', '99999999999999999999'];

/** Requests of one operation: first those that are as described, then those that are not. The same seed makes the same ones. */
export function requestsOf(operation: ApiOperation, options: RequestOptions): readonly GeneratedRequest[] {
  const {random, valid, spoiltMax} = options;
  const good = Array.from({length: valid}, (_, turn) => goodRequest(operation, options, turn));
  const [sample = goodRequest(operation, options, 1)] = good.slice(1, 2);
  const spoilt = [
    ...badHeads(sample, options),
    ...operation.parameters.flatMap(parameter => badParameters(sample, parameter)),
    ...(operation.body === undefined ? [] : badBodies(sample, operation.body, options)),
  ];
  return [...good, ...(spoiltMax === undefined ? spoilt : random.shuffle(spoilt).slice(0, spoiltMax))];
}

function goodRequest(operation: ApiOperation, options: RequestOptions, turn: number): GeneratedRequest {
  const values: ValueOptions = {
    random: options.random,
    turn,
    ...(options.known === undefined ? {} : {known: options.known}),
  };
  const drawn = operation.parameters
    .filter(({required, name}) => required || name in (options.known ?? {}) || turn % 2 === 1)
    .map(one => ({...one, value: String(sampleValue(one.schema, values, one.name))}));
  const body = operation.body === undefined ? undefined : JSON.stringify(sampleValue(operation.body, values));
  return {
    operation,
    what: 'as described',
    expect: 'served',
    method: operation.method,
    path: pathOf(operation.path, drawn),
    headers: {
      ...(operation.signedIn && options.authorization !== undefined ? {authorization: options.authorization} : {}),
      ...Object.fromEntries(drawn.filter(one => one.in === 'header').map(({name, value}) => [name, value])),
      ...(body === undefined ? {} : {'content-type': 'application/json'}),
    },
    ...(body === undefined ? {} : {body}),
  };
}

interface Drawn extends Parameter {
  readonly value: string;
}

function pathOf(template: string, drawn: readonly Drawn[]): string {
  const path = drawn
    .filter(one => one.in === 'path')
    .reduce((at, {name, value}) => at.replace(`{${name}}`, encodeURIComponent(value)), template);
  const query = drawn
    .filter(one => one.in === 'query')
    .map(({name, value}) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  return query.length === 0 ? path : `${path}?${query.join('&')}`;
}

type Change = Partial<Pick<GeneratedRequest, 'method' | 'path' | 'headers' | 'body' | 'isBytes'>>;

/** The request with one thing changed. */
function changed(
  request: GeneratedRequest,
  expect: GeneratedRequest['expect'],
  what: string,
  change: Change,
): GeneratedRequest {
  return {...request, ...change, expect, what};
}

function badHeads(request: GeneratedRequest, {foreign = {}}: RequestOptions): GeneratedRequest[] {
  const {operation, headers} = request;
  const withHeader = (name: string, value: string): Change => ({headers: {...headers, [name]: value}});
  const {authorization: _, ...anonymous} = headers;
  const signed = operation.signedIn
    ? [
        changed(request, 'refused', 'without a token', {headers: anonymous}),
        ...['Bearer', 'Bearer x.y.z', `Bearer ${'a'.repeat(4_000)}`, 'Basic eDp5', 'nonsense'].map(value =>
          changed(request, 'refused', `authorization is ${value.slice(0, 20)}`, withHeader('authorization', value)),
        ),
      ]
    : [];
  const others = Object.entries(foreign).flatMap(([name, values]) =>
    operation.signedIn && operation.path.includes(`{${name}}`)
      ? values.map(value =>
          changed(request, 'refused', `${name} belongs to somebody else`, {
            path: replaced(request, name, encodeURIComponent(String(value))),
          }),
        )
      : [],
  );
  return [
    ...signed,
    ...others,
    ...(operation.responses['504'] === undefined ? [] : BAD_DEADLINES).map(value =>
      changed(request, 'refused', `x-deadline is ${value}`, withHeader('x-deadline', value)),
    ),
    changed(request, 'either', 'a trace that is none', withHeader('traceparent', '00-zz-xx-0g')),
    changed(request, 'either', 'wants XML', withHeader('accept', 'application/xml')),
    changed(request, 'either', 'a query that nobody asked for', {
      path: `${request.path}${request.path.includes('?') ? '&' : '?'}__proto__=1&%00=%00&a[]=1`,
    }),
    changed(request, 'elsewhere', 'a percent sign of no code', {path: `${request.path.split('?')[0]}%`}),
  ];
}

function badParameters(request: GeneratedRequest, parameter: Parameter): GeneratedRequest[] {
  const {name, schema} = parameter;
  const odd = oddTexts(schema);
  if (parameter.in === 'path')
    return ['%00', '%ff', '..%2f..', '%F0%9F%98%80', 'x'.repeat(3_000), '%20', '%E2%80%AE', `a'--`].map(text =>
      changed(request, 'either', `${name} is ${text.slice(0, 20)}`, {path: replaced(request, name, text)}),
    );
  if (parameter.in === 'header') {
    const {[name]: _, ...without} = request.headers;
    return [
      ...(parameter.required ? [changed(request, 'refused', `${name} is missing`, {headers: without})] : []),
      ...odd
        .filter(({text}) => /^[\x20-\x7e]*$/.test(text))
        .map(({text, wrong}) =>
          changed(request, wrong ? 'refused' : 'either', `${name} is ${JSON.stringify(text.slice(0, 20))}`, {
            headers: {...request.headers, [name]: text},
          }),
        ),
    ];
  }
  const others = withoutQuery(request.path, name);
  const glue = others.includes('?') ? '&' : '?';
  return [
    ...(parameter.required ? [changed(request, 'refused', `${name} is missing`, {path: others})] : []),
    ...odd.map(({text, wrong}) =>
      changed(request, wrong ? 'refused' : 'either', `${name} is ${JSON.stringify(text.slice(0, 20))}`, {
        path: `${others}${glue}${name}=${encodeURIComponent(text)}`,
      }),
    ),
    changed(request, 'either', `${name} is there twice`, {path: `${others}${glue}${name}=1&${name}=2`}),
    changed(request, 'either', `${name} is no UTF-8`, {path: `${others}${glue}${name}=%ff%fe`}),
  ];
}

/** Texts for a parameter, and whether they are surely none of the schema. */
function oddTexts(schema: Schema): {readonly text: string; readonly wrong: boolean}[] {
  const {type, minimum, maximum, maxLength, minLength, pattern} = schema;
  const isNumber = type === 'integer' || type === 'number';
  const texts = [
    '',
    ' ',
    'abc',
    '1.5',
    '-1',
    '0',
    '1e3',
    '99999999999999999999',
    '\u0000',
    '%',
    '[]',
    '{}',
    "'; --",
    '😀',
  ];
  const surely = (text: string): boolean => {
    if (isNumber) {
      if (!/^-?\d+(\.\d+)?$/.test(text)) return text === 'abc' || text === '[]' || text === '{}';
      const value = Number(text);
      const outside = value < numberOr(minimum, -Infinity) || value > numberOr(maximum, Infinity);
      return outside || (type === 'integer' && !Number.isInteger(value));
    }
    if (type !== 'string') return false;
    const length = [...text].length;
    if (length < numberOr(minLength, 0) || length > numberOr(maxLength, Infinity)) return true;
    return typeof pattern === 'string' && !new RegExp(pattern, 'u').test(text);
  };
  const long = typeof maxLength === 'number' ? ['x'.repeat(maxLength + 1)] : [];
  return [...texts, ...long].map(text => ({text, wrong: surely(text)}));
}

function badBodies(request: GeneratedRequest, schema: Schema, {random}: RequestOptions): GeneratedRequest[] {
  const validate = createValidator();
  const text = request.body ?? '';
  const {'content-type': _, ...untyped} = request.headers;
  const typed = (type: string): Change => ({headers: {...untyped, 'content-type': type}});
  const spoilt = spoil(schema, JSON.parse(text)).map(({what, value}) =>
    changed(request, validate(schema, value) === undefined ? 'either' : 'refused', what, {body: JSON.stringify(value)}),
  );
  const raw = (what: string, body: string, isBytes = false): GeneratedRequest =>
    changed(request, isBytes ? 'either' : 'refused', what, {body, ...(isBytes ? {isBytes} : {})});
  return [
    ...spoilt,
    raw('the body breaks off', text.slice(0, Math.max(1, random.integer(1, text.length - 1)))),
    raw('the body is no JSON', 'name=Ada&x=1'),
    raw('the body is nested deep', `${'['.repeat(20_000)}`),
    raw('the body has a prototype', `{"__proto__":{"x":1},${text.slice(1)}`),
    raw('the body is too large', `{"x":"${'x'.repeat(BODY_BYTES_MAX)}"}`),
    raw('the body is no UTF-8', text.replace(/"([^"]*)"\}$/, '"\xff\xfe"}'), true),
    changed(request, 'either', 'the body begins with a mark of its order', {body: `\ufeff${text}`}),
    changed(request, 'refused', 'the body is text', typed('text/plain')),
    changed(request, 'refused', 'the body is XML', {...typed('application/xml'), body: '<a/>'}),
    changed(request, 'refused', 'the body is a form', {...typed('application/x-www-form-urlencoded'), body: 'a=1'}),
    changed(request, 'refused', 'the type of the body is nonsense', typed('application/')),
    changed(request, 'either', 'says that its body is packed', {
      headers: {...request.headers, 'content-encoding': 'gzip'},
    }),
  ];
}

/** The path with the text, as it is, in the place of a parameter's value. */
function replaced({operation, path}: GeneratedRequest, name: string, text: string): string {
  const place = operation.path.split('/').indexOf(`{${name}}`);
  const [before = '', ...query] = path.split('?');
  const parts = before.split('/');
  if (place >= 0) parts[place] = text;
  return [parts.join('/'), ...query].join('?');
}

function withoutQuery(path: string, name: string): string {
  const [before = '', query = ''] = path.split('?');
  const rest = query.split('&').filter(part => part !== '' && !part.startsWith(`${name}=`));
  return rest.length === 0 ? before : `${before}?${rest.join('&')}`;
}
