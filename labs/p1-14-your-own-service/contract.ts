import {type ApiOperation, type Document, operationsOf} from '../../src/checkers/openapi/document.ts';

const PROBLEM = {
  description: 'A problem',
  content: {
    'application/problem+json': {
      schema: {
        type: 'object',
        required: ['type', 'title', 'status'],
        properties: {type: {type: 'string'}, title: {type: 'string'}, status: {type: 'integer'}},
      },
    },
  },
};
const name = {type: 'string', minLength: 1, maxLength: 80, pattern: '^[^\\u0000-\\u001f\\u007f\\ud800-\\udfff]*$'};
const quantity = {type: 'integer', minimum: 0, maximum: 1_000_000};
const body = {
  required: true,
  content: {
    'application/json': {
      schema: {
        type: 'object',
        required: ['name', 'quantity'],
        properties: {name, quantity},
        additionalProperties: false,
      },
    },
  },
};
const item = {
  type: 'object',
  required: ['id', 'name', 'quantity'],
  properties: {id: {type: 'string', minLength: 1}, name, quantity},
};
const page = {
  type: 'object',
  required: ['items', 'next'],
  properties: {items: {type: 'array', items: item}, next: {type: ['string', 'null']}},
};
const id = {name: 'id', in: 'path', required: true, schema: {type: 'string', minLength: 1, maxLength: 100}};

/** What the brief asks of the service. Requests are generated from it, whatever the service publishes of itself. */
export const CONTRACT: Document = {
  openapi: '3.1.0',
  info: {title: 'items', version: '1'},
  paths: {
    '/v1/items': {
      post: operation('add', {201: json(item)}, {requestBody: body}),
      get: operation(
        'list',
        {200: json(page)},
        {
          parameters: [
            {name: 'limit', in: 'query', schema: {type: 'integer', minimum: 1, maximum: 100}},
            {name: 'cursor', in: 'query', schema: {type: 'string', maxLength: 1_000}},
          ],
        },
      ),
    },
    '/v1/items/{id}': {
      get: operation('show', {200: json(item), 404: PROBLEM}, {parameters: [id]}),
      put: operation(
        'change',
        {200: json(item), 404: PROBLEM, 412: PROBLEM, 428: PROBLEM},
        {parameters: [id, {name: 'if-match', in: 'header', schema: {type: 'string'}}], requestBody: body},
      ),
      delete: operation('remove', {204: {description: 'Gone'}, 404: PROBLEM}, {parameters: [id]}),
    },
  },
};

export const OPERATIONS: readonly ApiOperation[] = operationsOf(CONTRACT);

/** Paths of the contract, for the part of the gateway's document that is about it. */
export const PATHS: readonly string[] = ['/v1/items', '/v1/items/{id}'];

function operation(operationId: string, answers: object, more: object): object {
  // What every service of the kit and the gateway may answer besides.
  const common = Object.fromEntries([400, 413, 415, 429, 503, 504].map(status => [status, PROBLEM]));
  return {operationId, summary: operationId, responses: {...common, ...answers}, ...more};
}

function json(schema: object): object {
  return {description: 'OK', content: {'application/json': {schema}}};
}
