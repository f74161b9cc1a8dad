import {connect} from 'node:net';
import {Type} from 'typebox';
import {afterAll, beforeAll, expect, it} from 'vitest';
import {DatabaseUnavailableError} from './postgres-errors.ts';
import {Problem} from './problem.ts';
import type {ServiceDefinition} from './service.ts';
import {type InProcessService, startInProcess} from './testing/in-process.ts';

let service: InProcessService;
let handled = 0;

const definition: ServiceDefinition = {
  name: 'sample',
  async build({app, contexts}) {
    app.post(
      '/things',
      {schema: {body: Type.Object({name: Type.String({minLength: 1}), count: Type.Optional(Type.Integer())})}},
      ({body}) => body,
    );
    app.get(
      '/things',
      {schema: {querystring: Type.Object({limit: Type.Optional(Type.Integer({minimum: 1}))})}},
      ({query}) => {
        handled += 1;
        return query;
      },
    );
    app.post('/trace', () => contexts.current()?.trace);
    app.get('/bug', () => {
      throw new TypeError('secret detail');
    });
    app.get('/teapot', () => {
      throw new Problem({
        status: 418,
        kind: 'a-teapot',
        detail: 'Short and stout.',
        headers: {'retry-after': '7'},
        members: {spout: 1},
      });
    });
    app.get('/database', () => {
      throw new DatabaseUnavailableError(new Error('timeout exceeded when trying to connect'));
    });
  },
};

beforeAll(async () => {
  service = await startInProcess(definition);
});
afterAll(() => service[Symbol.asyncDispose]());

const JSON_TYPE = {'content-type': 'application/json'};

it.each([
  ['an unknown path', '/nowhere', {}, 404],
  ['an unknown method', '/bug', {method: 'DELETE'}, 404],
  ['a path that cannot be decoded', '/%zz', {}, 400],
  ['a body that is no JSON', '/things', {method: 'POST', headers: JSON_TYPE, body: '{"name":'}, 400],
  ['an empty body', '/things', {method: 'POST', headers: JSON_TYPE}, 400],
  [
    'a body that poisons prototypes',
    '/things',
    {method: 'POST', headers: JSON_TYPE, body: '{"__proto__":{"a":1},"name":"x"}'},
    400,
  ],
  ['a body of another type than its schema', '/things', {method: 'POST', headers: JSON_TYPE, body: '{"name":5}'}, 400],
  ['a query of another type than its schema', '/things?limit=many', {}, 400],
  ['a text body', '/things', {method: 'POST', headers: {'content-type': 'text/plain'}, body: 'x'}, 415],
  [
    'a body over a mebibyte',
    '/things',
    {method: 'POST', headers: JSON_TYPE, body: JSON.stringify({name: 'x'.repeat(1_048_577)})},
    413,
  ],
  ['a deadline that is no time', '/things', {headers: {'x-deadline': 'soon'}}, 400],
  ['a bug', '/bug', {}, 500],
  ['an unreachable database', '/database', {}, 503],
])('answers %s with a problem', async (_name, path, request, status) => {
  const answer = await fetch(`${service.url}${path}`, request);
  const text = await answer.text();
  expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
  expect(JSON.parse(text)).toMatchObject({
    type: expect.any(String),
    title: expect.any(String),
    status,
    detail: expect.any(String),
  });
  expect(text).not.toMatch(/secret detail|\.ts:|node_modules/);
});

it('answers what is not HTTP with a problem', async () => {
  const answer = await new Promise<string>(resolve => {
    let text = '';
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1', () => socket.write('NONSENSE\r\n\r\n'));
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('close', () => resolve(text));
  });
  expect(answer).toMatch(/^HTTP\/1.1 400 Bad Request\r\ncontent-type: application\/problem\+json\r\n/);
});

it('answers a thrown problem with its own members and headers', async () => {
  const answer = await fetch(`${service.url}/teapot`);
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([418, '7']);
  expect(await answer.json()).toEqual({
    type: 'urn:teralab:problem:a-teapot',
    title: 'A teapot',
    status: 418,
    detail: 'Short and stout.',
    spout: 1,
  });
});

it('says where a body is not valid', async () => {
  const answer = await fetch(`${service.url}/things`, {method: 'POST', headers: JSON_TYPE, body: '{"name":""}'});
  expect(await answer.json()).toMatchObject({
    detail: 'body/name must NOT have fewer than 1 characters.',
    errors: [{pointer: '/name'}],
  });
});

it('reads query parameters as the types of their schema', async () => {
  expect(await (await fetch(`${service.url}/things?limit=5`)).json()).toEqual({limit: 5});
});

it('refuses expired work before its handler, and takes work that is in time', async () => {
  const before = handled;
  const expired = await fetch(`${service.url}/things`, {headers: {'x-deadline': String(Date.now() - 1)}});
  expect([expired.status, await expired.json(), handled]).toMatchObject([
    504,
    {type: 'urn:teralab:problem:deadline-exceeded'},
    before,
  ]);
  const inTime = await fetch(`${service.url}/things`, {headers: {'x-deadline': String(Date.now() + 60_000)}});
  expect([inTime.status, handled]).toEqual([200, before + 1]);
});

it('continues a trace in the handler, also after a body was read', async () => {
  const headers = {...JSON_TYPE, traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`};
  const answer = await fetch(`${service.url}/trace`, {method: 'POST', headers, body: '{}'});
  expect(answer.headers.get('x-trace-id')).toBe('a'.repeat(32));
  expect(await answer.json()).toMatchObject({
    traceId: 'a'.repeat(32),
    parentId: 'b'.repeat(16),
    spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
  });
});

it('describes itself', async () => {
  const document = (await (await fetch(`${service.url}/openapi.json`)).json()) as {
    openapi: string;
    paths: Record<string, unknown>;
  };
  expect([document.openapi, Object.keys(document.paths)]).toEqual([
    '3.1.0',
    expect.arrayContaining(['/things', '/livez', '/readyz']),
  ]);
});

it('is alive and not ready while a check fails or does not answer', async () => {
  let fails = false;
  const silent = new Promise<void>(() => undefined);
  await using checked = await startInProcess({
    ...definition,
    build: async kit => kit.onReady('broker', () => (fails ? silent : Promise.resolve())),
  });
  const status = async (path: string): Promise<unknown> => (await fetch(`${checked.url}${path}`)).json();
  expect(await status('/readyz')).toEqual({status: 'ready'});
  fails = true;
  expect(await Promise.all([status('/readyz'), status('/livez')])).toEqual([
    {status: 'not ready', failing: ['broker']},
    {status: 'alive', time: expect.any(String)},
  ]);
});
