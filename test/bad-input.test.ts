import {execFileSync} from 'node:child_process';
import {chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import {labPaths, workspaceId} from '../src/paths.ts';
import {bin, type Finished, type Learner, newLearner} from './support/learner.ts';
import {controllerOf} from './support/processes.ts';
import {leaveOut} from './support/require.ts';
import {until} from './support/until.ts';

let learner: Learner;

beforeAll(() => {
  learner = newLearner();
});
afterAll(async () => learner[Symbol.asyncDispose]());

/** What `teralab` did with it: the exit code, the code of the error, and words that must be among its own. */
function expectRefused({exitCode, stderr}: Finished, exit: number, code: string, ...words: readonly string[]): void {
  expect(stderr).toContain(`✖ ${code} `);
  for (const word of words) expect(stderr).toContain(word);
  expect(exitCode).toBe(exit);
  expect(stderr).not.toMatch(/^\s+at .+:\d+/m);
}

async function runWith(env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Finished> {
  const {exitCode, stdout, stderr} = await execa(process.execPath, [bin, ...args], {
    cwd: learner.folder,
    env: {...learner.env, ...env},
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    timeout: 60_000,
  });
  return {exitCode, stdout, stderr};
}

describe('a word that means nothing is refused with the nearest one that does', () => {
  it.each([
    [['upp'], 'UNKNOWN_COMMAND', 'teralab up'],
    [['--jsn'], 'USAGE', '--json'],
    [['up', '--prt', '1'], 'USAGE', '--port'],
    [['check', 'p0-00-first-brek'], 'UNKNOWN_LAB', 'p0-00-first-break'],
    [['chaos', 'puse', 'gateway-1'], 'UNKNOWN_FAULT', 'teralab chaos pause'],
    [['up', '--port', 'eighty'], 'BAD_VALUE', 'eighty'],
    [['chaos', 'pause', 'gateway-1', '--for', '5parsecs'], 'BAD_VALUE', '5parsecs'],
    [['chaos', 'pause', 'gateway-1', '--for', '0'], 'BAD_VALUE', '"0"'],
    [['chaos', 'latency', 'gateway->identity', '--latncy', '5ms'], 'USAGE', '--latency'],
    [['load', '--rate', 'fast'], 'BAD_VALUE', 'fast'],
  ])('%j', async (args, code, nearest) => {
    expectRefused(await learner.run(...args), 2, code, nearest);
  });
});

describe('a place that cannot be used is named', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'teralab-bad-'));
  });
  afterEach(() => rmSync(folder, {recursive: true, force: true}));

  it('when the path of the socket is too long', async () => {
    const long = join(folder, 'x'.repeat(90));
    mkdirSync(long);
    expectRefused(await runWith({XDG_RUNTIME_DIR: long}, 'up'), 4, 'SOCKET_PATH_TOO_LONG', long);
  });

  it('when others could enter the folder of the socket', async () => {
    const open = join(folder, `teralab-${process.getuid?.()}`);
    mkdirSync(open);
    chmodSync(open, 0o755);
    expectRefused(await runWith({XDG_RUNTIME_DIR: folder}, 'up'), 4, 'SOCKET_NOT_OURS', open, '755');
  });

  it('when the workspace cannot be a folder', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expectRefused(await learner.run('up', '--workspace', join(file, 'ws')), 4, 'NOT_ALLOWED', file);
  });

  it('when the disk is full, and nothing is left running', async context => {
    if (process.platform !== 'linux' || process.getuid?.() !== 0)
      leaveOut(context, 'a small disk can be mounted only by root on Linux');
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=700', 'tmpfs', folder], {stdio: 'ignore'});
    } catch {
      leaveOut(context, 'this machine lets nobody mount');
    }
    try {
      expectRefused(await runWith({TERALAB_HOME: folder}, 'up'), 4, 'NO_SPACE');
      await until(
        'its controller has ended',
        async () => (await runWith({TERALAB_HOME: folder}, 'status')).exitCode === 4,
      );
      expectRefused(await runWith({TERALAB_HOME: folder}, 'status'), 4, 'NOT_RUNNING');
      await until('its folder is free', () => {
        try {
          execFileSync('umount', [folder], {stdio: 'ignore'});
          return true;
        } catch {
          return false;
        }
      });
    } finally {
      // Fails where it is unmounted already.
      await execa('umount', ['-l', folder], {reject: false});
    }
  });
});

describe('a port that somebody has', () => {
  it('is an error, and nothing is left running', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise(resolve => taken.once('listening', resolve));
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      expectRefused(await learner.run('up', '--port', String(port)), 4, 'PORT_TAKEN', String(port));
    } finally {
      taken.close();
    }
    if (process.platform !== 'linux') return;
    await until('the controller has ended', () => controllerOf(join(learner.folder, 'teralab')) === undefined);
  });
});

describe('a file of ours that is not as we write it', () => {
  const progress = (): string => join(labPaths(learner.env).data, 'progress.json');
  afterEach(() => rmSync(progress(), {force: true}));

  it.each([
    ['{', 'DAMAGED_FILE'],
    ['{"version":99}', 'NEWER_VERSION'],
  ])('as progress %j is named and left as it is', async (content, code) => {
    mkdirSync(labPaths(learner.env).data, {recursive: true});
    writeFileSync(progress(), content);
    expectRefused(await learner.run('progress'), 4, code, progress());
    expectRefused(await learner.run('check', 'p0-00-first-break'), 4, code, progress());
    expect(readFileSync(progress(), 'utf8')).toBe(content);
    expect((await learner.run('down')).exitCode).toBe(0);
  });

  it('as a damaged session record is in nobody’s way, and as a newer one is named', async () => {
    const id = await workspaceId(join(learner.folder, 'teralab'));
    const folder = join(labPaths(learner.env).state, 'sessions');
    mkdirSync(folder, {recursive: true});
    writeFileSync(join(folder, `${id}.json`), '{');
    expectRefused(await learner.run('status'), 4, 'NOT_RUNNING');
    writeFileSync(join(folder, `${id}.json`), '{"version":99}');
    expectRefused(await learner.run('up'), 4, 'NEWER_VERSION', `${id}.json`);
    rmSync(join(folder, `${id}.json`));
  });
});
