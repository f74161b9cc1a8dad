import {chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {labPaths, workspaceFolder, workspaceId} from './paths.ts';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'tl-')));
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

describe('labPaths', () => {
  it('follows XDG, and its defaults', () => {
    expect(labPaths({HOME: '/h', XDG_STATE_HOME: '/s', XDG_CACHE_HOME: 'relative'})).toMatchObject({
      config: '/h/.config/teralab',
      state: '/s/teralab',
      data: '/h/.local/share/teralab',
      cache: '/h/.cache/teralab',
    });
  });

  it('puts everything below TERALAB_HOME when that is set', () => {
    expect(labPaths({HOME: '/h', XDG_STATE_HOME: '/s', TERALAB_HOME: '/t'})).toMatchObject({
      config: '/t/config',
      state: '/t/state',
      data: '/t/data',
      cache: '/t/cache',
    });
  });
});

describe('the workspace', () => {
  it('is ./teralab unless TERALAB_WORKSPACE says otherwise', () => {
    expect(workspaceFolder({}, '/a')).toBe('/a/teralab');
    expect(workspaceFolder({TERALAB_WORKSPACE: 'mine'}, '/a')).toBe('/a/mine');
    expect(workspaceFolder({TERALAB_WORKSPACE: '/b'}, '/a')).toBe('/b');
  });

  it('has the same id by whatever path it is reached, before and after it exists', async () => {
    symlinkSync(folder, join(folder, 'link'));
    const before = await workspaceId(join(folder, 'link/work/space'));
    mkdirSync(join(folder, 'work/space'), {recursive: true});
    await expect(workspaceId(join(folder, 'work/space'))).resolves.toBe(before);
    await expect(workspaceId(join(folder, 'work/../link/work/space/'))).resolves.toBe(before);
    await expect(workspaceId(join(folder, 'work'))).resolves.not.toBe(before);
    expect(before).toMatch(/^[0-9a-f]{12}$/);
  });
});

describe('the socket', () => {
  const id = '0123456789ab';

  it('lies in a folder that only its owner can enter', async () => {
    const path = await labPaths({XDG_RUNTIME_DIR: folder}).socket(id);
    const own = join(folder, `teralab-${process.getuid?.()}`);
    expect(path).toBe(join(own, `${id}.sock`));
    expect(statSync(own).mode & 0o777).toBe(0o700);
    await expect(labPaths({XDG_RUNTIME_DIR: folder}).socket(id)).resolves.toBe(path);
  });

  it('is refused in a folder that others can enter, and in what is no folder', async () => {
    const own = join(folder, `teralab-${process.getuid?.()}`);
    mkdirSync(own);
    chmodSync(own, 0o755);
    await expect(labPaths({XDG_RUNTIME_DIR: folder}).socket(id)).rejects.toMatchObject({code: 'SOCKET_NOT_OURS'});
    rmSync(own, {recursive: true});
    mkdirSync(join(folder, 'elsewhere'), {mode: 0o700});
    symlinkSync(join(folder, 'elsewhere'), own);
    await expect(labPaths({XDG_RUNTIME_DIR: folder}).socket(id)).rejects.toMatchObject({code: 'SOCKET_NOT_OURS'});
    rmSync(own);
    writeFileSync(own, '');
    await expect(labPaths({XDG_RUNTIME_DIR: folder}).socket(id)).rejects.toMatchObject({code: 'SOCKET_NOT_OURS'});
  });

  it('lies in the folder for temporary files when the one for sockets does not exist', async () => {
    const path = await labPaths({XDG_RUNTIME_DIR: join(folder, 'none'), TMPDIR: folder}).socket(id);
    expect(path.startsWith(join(folder, 'teralab-'))).toBe(true);
  });

  it('is refused when its path would be cut', async () => {
    const long = join(folder, 'x'.repeat(80));
    mkdirSync(long);
    await expect(labPaths({XDG_RUNTIME_DIR: long}).socket(id)).rejects.toMatchObject({code: 'SOCKET_PATH_TOO_LONG'});
  });
});
