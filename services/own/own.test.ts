import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, it} from 'vitest';
import {startInProcess} from '../kit/testing/in-process.ts';
import {startTestPostgres, type TestPostgres} from '../kit/testing/postgres.ts';
import {createOwn} from './own.ts';

let postgres: TestPostgres;
let folder: string;

beforeAll(async () => {
  postgres = await startTestPostgres();
  folder = await mkdtemp(join(tmpdir(), 'teralab-own-'));
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
  await rm(folder, {recursive: true, force: true});
});

const ROUTES = `
let started = false;
export const createWorker = () => ({start: async () => { started = true; }});
export const createSchema = ({release}) => [{name: '001', up: "create table notes (id text, release text default '" + release + "')", down: 'drop table notes'}];
export const createRoutes = ({database, newId, node, problem}) => [
  {method: 'POST', path: '/v1/notes', summary: 'Write a note', body: {type: 'object', required: ['text'], properties: {text: {type: 'string'}}},
    answers: {201: {type: 'object', properties: {id: {type: 'string'}}}},
    handle: async () => {
      const [row] = await database.query('insert into notes (id) values ($1) returning id', [newId()]);
      return {status: 201, headers: {etag: '"1"'}, body: {...row, secret: started}};
    }},
  {method: 'GET', path: '/v1/notes/:id', summary: 'A note', answers: {200: {type: 'object'}}, problems: [404],
    handle: async () => { throw problem(404, 'There is no such note.', {kind: 'no-note'}); }},
  {method: 'DELETE', path: '/v1/notes/:id', summary: 'Tear it up', answers: {204: null}, handle: async () => ({status: 204})},
  {method: 'GET', path: '/v1/odd', summary: 'Odd', answers: {200: {type: 'object'}}, handle: async () => undefined},
];
`;

async function start(text: string, more: Readonly<Record<string, string>> = {}) {
  const file = join(folder, `${Math.random()}.mjs`);
  await writeFile(file, text);
  const seams = text === '' ? {} : {routes: file, schema: file, worker: file};
  const env = {DATABASE_URL: await postgres.createDatabase(), SEAMS: JSON.stringify(seams), ...more};
  return startInProcess(createOwn(), env);
}

it('is blank without a module: it is ready, and describes that there is nothing', async () => {
  await using service = await start('');
  expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
  const {paths} = (await (await fetch(`${service.url}/openapi.json`)).json()) as {paths: object};
  expect(Object.keys(paths)).toEqual(['/livez', '/readyz']);
});

it('serves what a module declares, with its tables, its release and its worker', async () => {
  await using service = await start(ROUTES, {RELEASE: 'v2'});
  const headers = {'content-type': 'application/json'};
  const post = (body: string) => fetch(`${service.url}/v1/notes`, {method: 'POST', headers, body});
  const answer = await post('{"text":"a"}');
  expect([answer.status, answer.headers.get('etag'), Object.keys((await answer.json()) as object)]).toEqual([
    201,
    '"1"',
    ['id'],
  ]);
  expect((await post('{}')).status).toBe(400);
  expect(await service.kit.database.query('select release from notes')).toEqual([{release: 'v2'}]);
  const gone = await fetch(`${service.url}/v1/notes/1`, {method: 'DELETE'});
  expect([gone.status, await gone.text()]).toEqual([204, '']);
});

it('answers what handlers throw as problems, and what is no answer with 500', async () => {
  await using service = await start(ROUTES);
  const missing = await fetch(`${service.url}/v1/notes/1`);
  expect([missing.status, missing.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
  expect(await missing.json()).toMatchObject({type: 'urn:teralab:problem:no-note', status: 404});
  expect((await fetch(`${service.url}/v1/odd`)).status).toBe(500);
});

it.each([
  ['no list of routes', 'export const createRoutes = () => 7;', 'list of routes'],
  [
    'a path that is none',
    "export const createRoutes = () => [{method: 'GET', path: 'x', handle: async () => ({})}];",
    'The path "x"',
  ],
  ['a route without a handler', "export const createRoutes = () => [{method: 'GET', path: '/x'}];", 'handle'],
  [
    'one route twice',
    "const one = {method: 'GET', path: '/x', answers: {}, handle: async () => ({})}; export const createRoutes = () => [one, one];",
    'already declared',
  ],
  ['an error', "export const createRoutes = () => { throw new Error('not yet'); };", 'not yet'],
])('tells of a module with %s as the fault of its seam', async (_, routes, expected) => {
  const text = `export const createSchema = () => []; export const createWorker = () => ({}); ${routes}`;
  await expect(start(text)).rejects.toMatchObject({seam: 'routes', message: expect.stringContaining(expected)});
});
