import {STATUS_CODES} from 'node:http';
import {type ApiOperation, type ApiParameter, operationIdOf} from './api-document.ts';
import {PROBLEM_TYPE} from './problem.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Statuses of problems that this route answers with, besides those that follow from what it takes. */
    readonly problems?: readonly number[];
  }
}

/** What of a route is not in its schema. */
export interface RouteFacts {
  readonly method: string;
  /** As in the document: `/v1/accounts/{id}`. */
  readonly path: string;
  readonly problems: readonly number[];
  readonly probe: boolean;
}

/** A deadline that is wrong, a service that starts, a deadline that is over: every route may answer with these. */
const PROBLEMS_OF_ALL = [400, 503, 504];
const PROBLEMS_OF_BODIES = [413, 415];
const UNAUTHORIZED = 401;

/** An operation with its name and every status that it can be answered with. */
export function describeOperation(raw: ApiOperation, {method, path, problems, probe}: RouteFacts): ApiOperation {
  const statuses = [
    ...(probe ? [] : PROBLEMS_OF_ALL),
    ...(raw.security === undefined ? [] : [UNAUTHORIZED]),
    ...(/^(POST|PUT|PATCH|DELETE)$/i.test(method) ? PROBLEMS_OF_BODIES : []),
    ...problems,
  ];
  const {parameters, requestBody} = raw;
  return {
    ...raw,
    operationId: raw.operationId ?? operationIdOf(method, path),
    ...(parameters === undefined ? {} : {parameters: parameters.map(describeParameter)}),
    ...(requestBody === undefined ? {} : {requestBody: describeBody(requestBody)}),
    responses: {...problemResponses(statuses), ...namedResponses(raw.responses ?? {}), default: PROBLEM_OTHERWISE},
  };
}

/** Answers with a problem, by status. */
export function problemResponses(statuses: readonly number[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(statuses.map(status => [status, problemResponse(STATUS_CODES[status] ?? 'A problem')]));
}

/** What goes into the document's `components.schemas`. */
export const PROBLEM_SCHEMA = {
  title: 'Problem',
  description: 'A problem (RFC 9457)',
  type: 'object',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: {type: 'string'},
    title: {type: 'string'},
    status: {type: 'integer'},
    detail: {type: 'string'},
  },
};

const PROBLEM_OTHERWISE = problemResponse('A failure of the service');

function problemResponse(description: string): object {
  return {description, content: {[PROBLEM_TYPE]: {schema: {$ref: '#/components/schemas/Problem'}}}};
}

/** `Default Response` is what the generator says where the schema says nothing. */
function namedResponses(responses: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(responses).map(([status, raw]) => {
      const response = raw as {readonly description?: string};
      const isNamed = response.description !== undefined && response.description !== 'Default Response';
      return [status, isNamed ? response : {...response, description: STATUS_CODES[status] ?? 'An answer'}];
    }),
  );
}

/** What has a default may be left out. */
function describeParameter(parameter: ApiParameter): ApiParameter {
  return parameter.schema?.default === undefined ? parameter : {...parameter, required: false};
}

type Body = NonNullable<ApiOperation['requestBody']>;

function describeBody(body: Body): Body {
  const content = Object.entries(body.content ?? {}).map(([type, {schema, ...more}]) => [
    type,
    {...more, schema: withoutRequiredDefaults(schema)},
  ]);
  return {...body, content: Object.fromEntries(content)};
}

function withoutRequiredDefaults(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutRequiredDefaults);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).map(([key, value]) => [key, withoutRequiredDefaults(value)] as const);
  const {required, properties, ...rest} = Object.fromEntries(entries) as {
    required?: unknown;
    properties?: Readonly<Record<string, {readonly default?: unknown}>>;
  };
  if (!Array.isArray(required)) return {...rest, ...(properties === undefined ? {} : {properties})};
  const needed = required.filter(name => properties?.[String(name)]?.default === undefined);
  return {
    ...rest,
    ...(needed.length === 0 ? {} : {required: needed}),
    ...(properties === undefined ? {} : {properties}),
  };
}
