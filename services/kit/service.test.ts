import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import pg from 'pg';
import {afterAll, beforeAll, expect, it} from 'vitest';
import {startTestPostgres, type TestPostgres} from './testing/postgres.ts';
import {bundle, bundleService, spawnService} from './testing/process.ts';

let service: Awaited<ReturnType<typeof bundleService>>;
let postgres: TestPostgres;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'teralab-kit-'));
  [service, postgres] = await Promise.all([
    bundleService(fileURLToPath(new URL('testing/blank.ts', import.meta.url))),
    startTestPostgres(),
  ]);
});
afterAll(async () => {
  await Promise.all([service.remove(), postgres[Symbol.asyncDispose](), rm(folder, {recursive: true})]);
});

it('runs a bundled service until SIGTERM, finishes what is under way and ends with 0', async () => {
  await using running = spawnService(service.file);
  const url = await running.url();
  const slow = fetch(`${url}/slow/400`);
  await running.until(() => running.log.some(({msg}) => msg === 'slow work began'));
  running.child.kill('SIGTERM');
  const answer = await slow;
  expect([answer.status, answer.headers.get('connection'), await answer.json()]).toEqual([200, 'close', {slept: 400}]);
  expect(await running.exited).toEqual({code: 0, signal: null});
  expect(running.log).toContainEqual(expect.objectContaining({msg: 'stop hook ran', service: 'blank'}));
});

it('stops listening at SIGTERM and ends within five seconds, whatever is under way', async () => {
  await using running = spawnService(service.file);
  const url = await running.url();
  const endless = fetch(`${url}/slow/60000`).catch((error: Error) => error);
  await running.until(() => running.log.some(({msg}) => msg === 'slow work began'));
  const began = performance.now();
  running.child.kill('SIGTERM');
  await expect
    .poll(() =>
      fetch(`${url}/greet/Ada`).then(
        () => 'answers',
        () => 'refuses',
      ),
    )
    .toBe('refuses');
  expect(await running.exited).toEqual({code: 0, signal: null});
  expect(performance.now() - began).toBeLessThan(5_500);
  expect(await endless).toBeInstanceOf(Error);
});

it('ends with its supervisor', async () => {
  await using running = spawnService(service.file);
  await running.url();
  running.hangUp();
  expect(await running.exited).toEqual({code: null, signal: 'SIGKILL'});
});

it.each([
  ['before_commit', 0],
  ['after_commit_before_publish', 1],
] as const)('kills itself at an armed crash point: %s leaves %i rows', async (point, rows) => {
  const url = await postgres.createDatabase();
  await using running = spawnService(service.file, {DATABASE_URL: url});
  const base = await running.url();
  const note = (): Promise<unknown> =>
    fetch(`${base}/notes`, {method: 'POST', headers: {'content-type': 'application/json'}, body: '{"text":"a"}'});
  running.tell({type: 'arm', point, skip: 1});
  await running.until(() => running.reports.some(({type}) => type === 'armed'));
  await note();
  await expect(note()).rejects.toThrow();
  expect(await running.exited).toEqual({code: null, signal: 'SIGKILL'});
  expect(running.reports.at(-1)).toMatchObject({type: 'crash-point', point});
  expect(await countNotes(url)).toBe(1 + rows);
});

it('kills itself at an armed crash point whatever a module has replaced of Node, and the module can signal nobody', async () => {
  const file = join(folder, 'patching.mjs');
  await writeFile(
    file,
    `import fs from 'node:fs';
    for (const name of ['kill', '_kill']) try { process[name] = () => true; } catch {}
    const {writeSync} = fs;
    fs.writeSync = (fd, ...rest) => fd === 3 ? 0 : writeSync(fd, ...rest);
    const {get} = Map.prototype;
    Map.prototype.get = function (key) { return key === 'before_commit' ? undefined : get.call(this, key); };
    export const greet = () => { try { return process.kill(process.ppid, 0); } catch (error) { return error.message; } };`,
  );
  await using running = spawnService(service.file, {
    SEAMS: JSON.stringify({greeting: file}),
    DATABASE_URL: await postgres.createDatabase(),
  });
  const base = await running.url();
  expect(await (await fetch(`${base}/greet/Ada`)).text()).toContain('sends no signals');
  expect(running.reports).toContainEqual({type: 'tampering', what: 'process.kill'});
  running.tell({type: 'arm', point: 'before_commit', skip: 0});
  await running.until(() => running.reports.some(({type}) => type === 'armed'));
  const body = {method: 'POST', headers: {'content-type': 'application/json'}, body: '{"text":"a"}'};
  await expect(fetch(`${base}/notes`, body)).rejects.toThrow();
  expect(await running.exited).toEqual({code: null, signal: 'SIGKILL'});
  expect(running.reports.at(-1)).toMatchObject({type: 'crash-point', secret: 'of-the-test'});
});

it('does not kill itself at a point that was disarmed', async () => {
  const url = await postgres.createDatabase();
  await using running = spawnService(service.file, {DATABASE_URL: url});
  const base = await running.url();
  running.tell({type: 'arm', point: 'before_commit', skip: 0});
  running.tell({type: 'disarm'});
  running.tell({type: 'arm', point: 'before_ack', skip: 0});
  await running.until(() => running.reports.length === 3);
  expect(running.reports.map(({type}) => type)).toEqual(['armed', 'disarmed', 'armed']);
  const answer = await fetch(`${base}/notes`, {
    method: 'POST',
    headers: {'content-type': 'application/json'},
    body: '{"text":"a"}',
  });
  expect(answer.status).toBe(200);
});

it('lives by a clock that is off until it is told to be right again, in its answers and in its log', async () => {
  await using running = spawnService(service.file);
  const url = await running.url();
  const offMs = async (): Promise<readonly number[]> => {
    const answer = await fetch(`${url}/livez`);
    const {time} = (await answer.json()) as {time: string};
    return [time, answer.headers.get('date') ?? ''].map(text => Date.parse(text) - Date.now());
  };
  running.tell({type: 'skew', offsetMs: -120_000, drift: 0});
  await running.until(() => running.reports.some(({type}) => type === 'skewed'));
  for (const off of await offMs()) expect(Math.abs(off + 120_000)).toBeLessThan(10_000);
  await fetch(`${url}/greet/Ada`);
  await running.until(() => running.log.some(({path}) => path === '/greet/Ada'));
  const line = running.log.find(({path}) => path === '/greet/Ada');
  expect(Math.abs(Date.parse(String(line?.time)) - Date.now() + 120_000)).toBeLessThan(10_000);
  running.tell({type: 'skew', offsetMs: 0, drift: 0});
  await running.until(() => running.reports.filter(({type}) => type === 'skewed').length === 2);
  for (const off of await offMs()) expect(Math.abs(off)).toBeLessThan(10_000);
});

it('waits for its database: alive and not ready while it cannot be reached', async () => {
  await using running = spawnService(service.file, {DATABASE_URL: 'postgres://postgres@127.0.0.1:1/postgres'});
  const base = await running.url('listening');
  const status = (path: string): Promise<number> =>
    fetch(`${base}${path}`).then(
      answer => answer.status,
      () => 0,
    );
  expect([await status('/livez'), await status('/readyz'), await status('/greet/Ada')]).toEqual([200, 503, 503]);
});

it('replaces a seam by a built module', async () => {
  const file = await seamModule('fine', 'export const greet = (name: string): string => "Bonjour " + name;');
  await using running = spawnService(service.file, {SEAMS: JSON.stringify({greeting: file})});
  expect(await (await fetch(`${await running.url()}/greet/Ada`)).json()).toEqual({text: 'Bonjour Ada'});
});

it.each([
  [
    'throws',
    'const first = 1;\n\nthrow new Error("no " + first);\nexport const greet = first;',
    {line: 3, message: 'Error: no 1'},
  ],
  ['misses', 'export const other = 1;', {message: 'The module does not export `greet`: it exports other.'}],
  ['is no function', 'export const greet = 1;', {message: 'The module exports `greet`, which is not a function.'}],
])('reports a seam module that %s and ends with 79', async (name, text, expected) => {
  const file = await seamModule(name.replaceAll(' ', '-'), text);
  await using running = spawnService(service.file, {SEAMS: JSON.stringify({greeting: file})});
  expect(await running.exited).toEqual({code: 79, signal: null});
  expect(running.reports).toEqual([
    {type: 'seam-error', seam: 'greeting', file: 'line' in expected ? file.replace(/mjs$/, 'ts') : file, ...expected},
  ]);
});

it('reports a call of process.exit with its place, and honours it', async () => {
  const file = await seamModule('exits', 'export const greet = (): string => process.exit(3);');
  await using running = spawnService(service.file, {SEAMS: JSON.stringify({greeting: file})});
  await expect(fetch(`${await running.url()}/greet/Ada`)).rejects.toThrow();
  expect(await running.exited).toEqual({code: 3, signal: null});
  expect(running.reports).toEqual([{type: 'exit-called', code: 3, stack: expect.stringContaining('exits.ts:1')}]);
});

it('logs an error that nobody caught and ends with 1', async () => {
  const file = await seamModule(
    'rejects',
    "export const greet = (): string => {\n  void Promise.reject(new Error('forgotten'));\n  return '';\n};",
  );
  await using running = spawnService(service.file, {SEAMS: JSON.stringify({greeting: file})});
  await fetch(`${await running.url()}/greet/Ada`).catch(() => undefined);
  expect(await running.exited).toEqual({code: 1, signal: null});
  expect(running.log).toContainEqual(
    expect.objectContaining({
      level: 'error',
      origin: 'unhandledRejection',
      err: expect.objectContaining({message: 'forgotten'}),
    }),
  );
});

it.each([
  [{PORT: 'x'}, 'PORT must be a whole number from 0 to 65535, not "x".'],
  [{SEAMS: '{"nonsense":"/x.mjs"}'}, 'SEAMS.nonsense: blank has no such seam.'],
  [{HOST: '192.0.2.1'}, 'HOST and PORT: cannot listen on 192.0.2.1:0 (EADDRNOTAVAIL).'],
])('ends with 78 and a sentence when the environment is wrong: %o', async (env, message) => {
  await using running = spawnService(service.file, env);
  expect(await running.exited).toEqual({code: 78, signal: null});
  expect(running.reports).toEqual([{type: 'config-error', message}]);
});

async function seamModule(name: string, text: string): Promise<string> {
  const source = join(folder, `${name}.ts`);
  await writeFile(source, text);
  await bundle(source, join(folder, `${name}.mjs`));
  return join(folder, `${name}.mjs`);
}

async function countNotes(url: string): Promise<number> {
  const client = new pg.Client({connectionString: url});
  await client.connect();
  const {rows} = await client.query('select count(*)::int as count from notes');
  await client.end();
  return rows[0].count;
}
