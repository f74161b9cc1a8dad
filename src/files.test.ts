import {chmod, mkdtemp, readdir, readFile, rm, stat, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {asLabError, readVersioned, writeAtomically, writeVersioned} from './files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'teralab-files-'));
});
afterEach(async () => rm(folder, {recursive: true, force: true}));

describe('versioned files', () => {
  it('come back as they were written, without the version, readable by the owner only', async () => {
    const file = join(folder, 'deep/er/progress.json');
    await writeVersioned(file, 2, {passed: ['a']});
    await expect(readVersioned(file, 2)).resolves.toEqual({passed: ['a']});
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({version: 2, passed: ['a']});
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('are undefined where there is none', async () => {
    await expect(readVersioned(join(folder, 'none.json'), 1)).resolves.toBeUndefined();
  });

  it('of a newer version are refused and left alone', async () => {
    const file = join(folder, 'a.json');
    await writeVersioned(file, 3, {});
    await expect(readVersioned(file, 2)).rejects.toMatchObject({code: 'NEWER_VERSION'});
    await expect(readVersioned(file, 3)).resolves.toEqual({});
  });

  it.each(['', '{', '[]', '{"a":1}', 'null'])(
    'that are damaged (%j) are an error with the name of the file',
    async text => {
      const file = join(folder, 'a.json');
      await writeFile(file, text);
      await expect(readVersioned(file, 1)).rejects.toThrow(file);
    },
  );
});

describe('writeAtomically', () => {
  it('leaves one file, whoever writes it at the same time', async () => {
    const file = join(folder, 'a.txt');
    const texts = Array.from({length: 20}, (_, index) => String(index).repeat(10_000));
    await Promise.all(texts.map(async text => writeAtomically(file, text)));
    expect(texts).toContain(await readFile(file, 'utf8'));
    await expect(readdir(folder)).resolves.toEqual(['a.txt']);
  });

  it('leaves the old file and no draft when it fails', async () => {
    const file = join(folder, 'a');
    await writeAtomically(join(file, 'inside'), 'old');
    await expect(writeAtomically(file, 'new')).rejects.toBeDefined();
    await expect(readFile(join(file, 'inside'), 'utf8')).resolves.toBe('old');
    await expect(readdir(folder)).resolves.toEqual(['a']);
  });

  it.skipIf(process.getuid?.() === 0)('says NOT_ALLOWED where the system does not let it', async () => {
    await chmod(folder, 0o500);
    await expect(writeAtomically(join(folder, 'a'), '')).rejects.toMatchObject({code: 'NOT_ALLOWED'});
  });
});

describe('asLabError', () => {
  it.each([
    ['ENOSPC', 'NO_SPACE'],
    ['EDQUOT', 'NO_SPACE'],
    ['EACCES', 'NOT_ALLOWED'],
    ['EROFS', 'NOT_ALLOWED'],
  ])('turns %s into %s', (code, expected) => {
    expect(asLabError(Object.assign(new Error('x'), {code}), '/a/file')).toMatchObject({
      code: expected,
      message: expect.stringContaining('/a/file'),
    });
  });

  it('leaves everything else as it is', () => {
    const error = new Error('x');
    expect(asLabError(error, '/a')).toBe(error);
  });
});
