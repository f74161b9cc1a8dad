import {asArray, asObject, type Schema} from './schema.ts';

/** An OpenAPI 3.1 document that came from somebody else: nothing of it is taken for granted. */
export type Document = Readonly<Record<string, unknown>>;

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: Schema;
}

export interface Response {
  /** Schemas by media type. */
  readonly content: Readonly<Record<string, Schema>>;
}

/** One operation with all references followed. */
export interface ApiOperation {
  readonly id: string;
  readonly method: string;
  /** `/v1/items/{id}`. */
  readonly path: string;
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  /** Of `application/json`; undefined where it takes no body. */
  readonly body: Schema | undefined;
  readonly bodyRequired: boolean;
  /** By status, or `default`. */
  readonly responses: Readonly<Record<string, Response>>;
  readonly signedIn: boolean;
}

export const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options'] as const;

/** The operations of a document, in its order. What is malformed is read as empty; `lintDocument` tells of it. */
export function operationsOf(document: Document): readonly ApiOperation[] {
  return Object.entries(asObject(document.paths)).flatMap(([path, rawItem]) => {
    const item = asObject(rawItem);
    return METHODS.filter(method => item[method] !== undefined).map(method =>
      readOperation(document, {method, path, raw: asObject(item[method]), shared: item.parameters}),
    );
  });
}

function readOperation(
  document: Document,
  {method, path, raw, shared}: {method: string; path: string; raw: Schema; shared: unknown},
): ApiOperation {
  const body = asObject(follow(document, raw.requestBody));
  const bodySchema = asObject(asObject(body.content)['application/json']).schema;
  const security = raw.security ?? document.security;
  return {
    id: typeof raw.operationId === 'string' ? raw.operationId : '',
    method: method.toUpperCase(),
    path,
    summary: typeof raw.summary === 'string' ? raw.summary : '',
    parameters: [...asArray(shared), ...asArray(raw.parameters)].map(one => readParameter(document, one)),
    body: raw.requestBody === undefined ? undefined : asObject(inlined(document, bodySchema)),
    bodyRequired: body.required === true,
    responses: Object.fromEntries(
      Object.entries(asObject(raw.responses)).map(([status, one]) => [status, readResponse(document, one)]),
    ),
    signedIn: Array.isArray(security) && security.length > 0,
  };
}

function readParameter(document: Document, raw: unknown): Parameter {
  const {name, in: place, required, schema} = asObject(follow(document, raw));
  return {
    name: String(name),
    in: place === 'path' || place === 'header' ? place : 'query',
    required: required === true,
    schema: asObject(inlined(document, schema)),
  };
}

function readResponse(document: Document, raw: unknown): Response {
  const content = asObject(asObject(follow(document, raw)).content);
  return {
    content: Object.fromEntries(
      Object.entries(content).map(([type, media]) => [type, asObject(inlined(document, asObject(media).schema))]),
    ),
  };
}

/** Deeper than this a schema refers to itself; it is left out there, which allows anything. */
const DEPTH_MAX = 12;

/** The schema with what it refers to in its place. */
export function inlined(document: Document, schema: unknown, depth = 0): unknown {
  if (depth > DEPTH_MAX) return {};
  if (Array.isArray(schema)) return schema.map(one => inlined(document, one, depth + 1));
  if (typeof schema !== 'object' || schema === null) return schema;
  const target = follow(document, schema);
  if (target !== schema) return inlined(document, target, depth + 1);
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, inlined(document, value, depth + 1)]));
}

/** What a local reference leads to; anything else as it is; undefined where it leads nowhere. */
export function follow(document: Document, value: unknown): unknown {
  const {$ref} = asObject(value);
  if (typeof $ref !== 'string') return value;
  if (!$ref.startsWith('#/')) return undefined;
  return $ref
    .slice(2)
    .split('/')
    .map(part => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((at, part) => asObject(at)[part], document);
}
