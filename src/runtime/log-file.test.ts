import {closeSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync, writeSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {openLog, tailLines} from './log-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'teralab-log-'));
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

describe('a log', () => {
  it('is appended to, over restarts of its node', async () => {
    const file = join(folder, 'logs/a.log');
    for (const line of ['one\n', 'two\n', 'three\n']) {
      const log = openLog(file);
      writeSync(log, line);
      closeSync(log);
    }
    await expect(tailLines(file, 2)).resolves.toEqual(['two', 'three']);
    await expect(tailLines(file, 10)).resolves.toEqual(['one', 'two', 'three']);
    await expect(tailLines(file, 0)).resolves.toEqual([]);
  });

  it('is put aside once it is too long', () => {
    const file = join(folder, 'a.log');
    writeFileSync(file, 'x'.repeat(5_000_001));
    closeSync(openLog(file));
    expect(statSync(file).size).toBe(0);
    expect(statSync(`${file}.1`).size).toBe(5_000_001);
    closeSync(openLog(file));
    expect(existsSync(`${file}.1`)).toBe(true);
  });

  it('has no lines where there is none, or none in it', async () => {
    await expect(tailLines(join(folder, 'none.log'), 5)).resolves.toEqual([]);
    closeSync(openLog(join(folder, 'empty.log')));
    await expect(tailLines(join(folder, 'empty.log'), 5)).resolves.toEqual([]);
  });

  it('gives whole lines only, however long it is', async () => {
    const file = join(folder, 'a.log');
    writeFileSync(file, Array.from({length: 60_000}, (_, index) => `line ${index}\n`).join(''));
    const tail = await tailLines(file, 100_000);
    expect(tail.at(-1)).toBe('line 59999');
    expect(tail.every(line => /^line \d+$/.test(line))).toBe(true);
  });
});
