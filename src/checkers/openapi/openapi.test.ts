import {describe, expect, it} from 'vitest';
import {createRandom} from '../../random.ts';
import {answerProblem} from './answers.ts';
import {type Document, operationsOf} from './document.ts';
import {lintDocument} from './lint.ts';
import {requestsOf} from './requests.ts';
import {createValidator} from './validate.ts';

const problem = {
  description: 'No',
  content: {'application/problem+json': {schema: {$ref: '#/components/schemas/Problem'}}},
};
const item = {
  type: 'object',
  required: ['name', 'size'],
  properties: {
    name: {type: 'string', minLength: 1, maxLength: 20, pattern: '^[^\\u0000-\\u001f]*$'},
    size: {type: 'integer', minimum: 1, maximum: 9},
    unit: {enum: ['g', 'kg']},
  },
  additionalProperties: false,
};
const put = {
  operationId: 'putItem',
  summary: 'Put an item',
  parameters: [
    {name: 'id', in: 'path', required: true, schema: {type: 'string', pattern: '^[a-f]{3}-\\d+$'}},
    {name: 'limit', in: 'query', schema: {type: 'integer', minimum: 1, maximum: 50, default: 10}},
  ],
  requestBody: {required: true, content: {'application/json': {schema: item}}},
  responses: {200: {description: 'OK', content: {'application/json': {schema: item}}}, 400: problem},
};
const good: Document = {
  openapi: '3.1.0',
  info: {title: 'items', version: '1'},
  paths: {'/v1/items/{id}': {put}},
  components: {schemas: {Problem: {type: 'object', required: ['type', 'title', 'status']}}},
};
const changed = (change: object): Document => ({...good, paths: {'/v1/items/{id}': {put: {...put, ...change}}}});
const [operation] = operationsOf(good);
if (operation === undefined) throw new Error('The document has no operation.');

describe('the lint', () => {
  it('has nothing to say of a good document', () => expect(lintDocument(good)).toEqual([]));

  it.each<[string, Document, RegExp]>([
    ['another version', {...good, openapi: '3.0.3'}, /not 3\.1/],
    ['no name of an operation', changed({operationId: undefined}), /has no operationId/],
    ['one name of two', {...good, paths: {'/a': {get: put}, '/b': {get: put}}}, /putItem is there twice/],
    ['no success', changed({responses: {400: problem}}), /no success/],
    [
      'a 4xx that is no problem',
      changed({responses: {...put.responses, 404: {description: 'No'}}}),
      /404 is not described as/,
    ],
    ['input without 400', changed({responses: {200: put.responses[200]}}), /does not describe 400/],
    ['a token without 401', changed({security: [{bearer: []}]}), /does not describe 401/],
    ['a parameter of the path that is not described', changed({parameters: []}), /\{id\} is not described/],
    [
      'a reference to nowhere',
      changed({responses: {...put.responses, 409: {$ref: '#/components/responses/No'}}}),
      /leads nowhere/,
    ],
    [
      'a schema that is none',
      changed({requestBody: {content: {'application/json': {schema: {type: 'text'}}}}}),
      /cannot be used/,
    ],
    ['content of 204', changed({responses: {...put.responses, 204: put.responses[200]}}), /204 has no content/],
  ])('tells of %s', (_, document, expected) => {
    expect(lintDocument(document)).toEqual(expect.arrayContaining([expect.stringMatching(expected)]));
  });
});

describe('generated requests', () => {
  const make = (seed: number) => requestsOf(operation, {random: createRandom(seed), valid: 20});

  it('are the same for the same seed, and others for another', () => {
    expect(make(1)).toEqual(make(1));
    expect(make(1)).not.toEqual(make(2));
  });

  it('are as described where they say so, in bodies, paths and queries', () => {
    const validate = createValidator();
    for (const {path, body} of make(3).filter(({expect: wanted}) => wanted === 'served')) {
      expect(path).toMatch(/^\/v1\/items\/[a-f]{3}-\d+(\?limit=\d+)?$/);
      expect(validate(item, JSON.parse(body ?? ''))).toBeUndefined();
    }
  });

  it('are against the description where they are to be refused', () => {
    const refused = make(4).filter(({expect: wanted}) => wanted === 'refused');
    const whats = refused.map(({what}) => what);
    expect(whats).toEqual(
      expect.arrayContaining([
        'name is missing',
        'size is too large',
        'the body is no JSON',
        'limit is "abc"',
        'limit is "-1"',
      ]),
    );
    expect(whats).not.toContain('unit is missing');
  });
});

describe('an answer', () => {
  const validate = createValidator();
  const json = 'application/json';
  const said = (status: number, body: unknown, contentType = 'application/problem+json') =>
    answerProblem({operation, expect: 'either'}, {status, contentType, body: JSON.stringify(body)}, validate);
  const refusal = {type: 'about:blank', title: 'Bad Request', status: 400};

  it('is right when it is as described', () => {
    expect(said(200, {name: 'a', size: 1}, json)).toBeUndefined();
    expect(said(400, refusal)).toBeUndefined();
  });

  it.each<[string, string | undefined, RegExp]>([
    ['a 500', said(500, {}), /is answered 500/],
    ['a status that is not described', said(404, {...refusal, status: 404}), /404, which is not described/],
    ['a body of another shape', said(200, {name: 'a'}, json), /size/],
    ['a refusal as plain JSON', said(400, refusal, json), /not application\/problem\+json/],
    ['a problem that says another status', said(400, {...refusal, status: 500}), /says 500/],
    ['a stack trace', said(400, {...refusal, detail: 'x\n    at run (a.ts:1)'}), /stack trace/],
    [
      'bad input that is accepted',
      answerProblem(
        {operation, expect: 'refused'},
        {status: 200, contentType: json, body: '{"name":"a","size":1}'},
        validate,
      ),
      /is accepted/,
    ],
  ])('is wrong when it is %s', (_, found, expected) => expect(found).toMatch(expected));
});
