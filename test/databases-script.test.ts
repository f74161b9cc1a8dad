import {execFile} from 'node:child_process';
import {mkdtemp, readFile, rm, stat} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {startTestPostgres, type TestPostgres} from '../services/kit/testing/postgres.ts';

const script = fileURLToPath(new URL('../scripts/databases.js', import.meta.url));

describe('scripts/databases.js', () => {
  let server: TestPostgres;
  let folder: string;

  beforeAll(async () => {
    [server, folder] = await Promise.all([startTestPostgres(), mkdtemp(join(tmpdir(), 'teralab-databases-'))]);
  });
  afterAll(async () => {
    await Promise.all([server[Symbol.asyncDispose](), rm(folder, {recursive: true, force: true})]);
  });

  it('makes databases, writes their URLs where only their owner reads them, and takes a migration back', async () => {
    const file = join(folder, '.env');
    const init = await run(['init', '--samples', '--write', file], {DATABASE_ADMIN_URL: server.url});
    expect(init).toEqual({code: 0, stdout: '', stderr: expect.any(String)});
    expect(init.stderr).toContain('sample account sample-ada (Ada Lovelace), password ');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const [, url = ''] = /^STREAM_DATABASE_URL=(.+)$/m.exec(await readFile(file, 'utf8')) ?? [];
    const down = await run(['down', 'stream'], {DATABASE_URL: url});
    expect(down.code).toBe(0);
    const [, name = ''] = /^down: (\S+)$/m.exec(down.stderr) ?? [];
    expect((await run(['up', 'stream'], {DATABASE_URL: url})).stderr).toBe(`up: ${name}\n`);
    expect((await run(['up', 'stream'], {DATABASE_URL: url})).stderr).toBe('Nothing to do.\n');
    const again = await run(['init', '--write', file], {DATABASE_ADMIN_URL: server.url});
    expect(again).toMatchObject({code: 1, stdout: ''});
    expect(again.stderr).toContain('is there already');
  });

  it.each([
    ['no command', [], {}, 64],
    ['a schema that is none', ['down', 'gateway'], {DATABASE_URL: 'postgres://x@127.0.0.1/x'}, 64],
    ['steps that are no number', ['down', 'stream', 'all'], {DATABASE_URL: 'postgres://x@127.0.0.1/x'}, 64],
    ['no URL', ['init'], {}, 64],
    ['nobody there', ['init'], {DATABASE_ADMIN_URL: 'postgres://x:secret@127.0.0.1:1/x'}, 1],
  ] as const)('refuses %s without a stack and without a secret', async (_, args, env, code) => {
    const refused = await run(args, env);
    expect(refused.code).toBe(code);
    expect(refused.stderr).not.toMatch(/^\s+at |secret/m);
    expect(refused.stderr).not.toBe('');
  });
});

function run(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{readonly code: number; readonly stdout: string; readonly stderr: string}> {
  return new Promise(resolve => {
    execFile(process.execPath, [script, ...args], {env: {PATH: process.env.PATH, ...env}}, (error, stdout, stderr) => {
      resolve({code: error === null ? 0 : Number(error.code), stdout, stderr});
    });
  });
}
