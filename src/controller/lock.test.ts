import {spawnSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {takeLock} from './lock.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'teralab-lock-'));
  file = join(folder, 'below', 'a.lock');
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

describe('takeLock', () => {
  it('gives a lock once, and again when it has been released', async () => {
    const lock = await takeLock(file);
    expect(lock).toBeDefined();
    expect(await takeLock(file)).toBeUndefined();
    await lock?.release();
    expect(await takeLock(file)).toBeDefined();
    expect(readdirSync(join(folder, 'below'))).toEqual(['a.lock']);
  });

  it('gives it to one of many who ask at the same time', async () => {
    const taken = await Promise.all(Array.from({length: 20}, async () => takeLock(file)));
    expect(taken.filter(lock => lock !== undefined)).toHaveLength(1);
  });

  it.each([
    ['is dead', `${deadPid()} whenever`],
    ['has a pid that is now somebody else', `${process.pid} another-time`],
    ['was killed before it could write', ''],
    ['wrote nonsense', 'what is this'],
  ])('takes over from a holder who %s, for one of many', async (_, holder) => {
    mkdirSync(join(folder, 'below'));
    writeFileSync(file, holder);
    const taken = await Promise.all(Array.from({length: 20}, async () => takeLock(file)));
    expect(taken.filter(lock => lock !== undefined)).toHaveLength(1);
    expect(readFileSync(file, 'utf8')).toMatch(new RegExp(`^${process.pid} `));
    expect(readdirSync(join(folder, 'below'))).toEqual(['a.lock']);
  });

  it('takes over also where somebody was killed while taking over', async () => {
    mkdirSync(join(folder, 'below'));
    writeFileSync(file, `${deadPid()} whenever`);
    writeFileSync(`${file}.taking`, `${deadPid()} whenever`);
    expect(await takeLock(file)).toBeDefined();
    expect(readdirSync(join(folder, 'below'))).toEqual(['a.lock']);
  });

  it('says so when the folder cannot be made', async () => {
    writeFileSync(join(folder, 'below'), 'a file');
    await expect(takeLock(file)).rejects.toThrow();
  });
});

function deadPid(): number {
  return spawnSync(process.execPath, ['-e', '0']).pid;
}
