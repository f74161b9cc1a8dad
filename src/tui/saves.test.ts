import {mkdtemp, rename, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it, vi} from 'vitest';
import {watchSaves} from './saves.ts';

let folder: string;
let file: string;
let saved: string[];
let end: () => void;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'teralab-saves-'));
  file = join(folder, 'publisher.ts');
  saved = [];
  await writeFile(file, 'one');
});

afterEach(async () => {
  end();
  await rm(folder, {recursive: true, force: true});
});

const begin = (pollMs: number) => {
  end = watchSaves([file], name => saved.push(name), {settleMs: 5, pollMs});
};

describe('watchSaves', () => {
  it('tells of new content once', async () => {
    begin(20);
    await writeFile(file, 'two');
    await vi.waitFor(() => expect(saved).toEqual([file]));
    await writeFile(file, 'two');
    await writeFile(file, 'three');
    await vi.waitFor(() => expect(saved).toEqual([file, file]));
  });

  it('sees a file that an editor replaced by another one', async () => {
    begin(60_000);
    await writeFile(`${file}.new`, 'two');
    await rename(`${file}.new`, file);
    await vi.waitFor(() => expect(saved).toEqual([file]));
  });

  it('says nothing of a file that is missing, and sees it come', async () => {
    await rm(file);
    begin(10);
    await writeFile(file, 'here');
    await vi.waitFor(() => expect(saved).toEqual([file]));
  });

  it('tells nothing any more once it is ended', async () => {
    begin(5);
    end();
    await writeFile(file, 'two');
    let looked: string[] = [];
    const other = watchSaves([file], name => (looked = [...looked, name]), {settleMs: 1, pollMs: 5});
    await writeFile(file, 'three');
    await vi.waitFor(() => expect(looked).not.toEqual([]));
    other();
    expect(saved).toEqual([]);
  });
});
