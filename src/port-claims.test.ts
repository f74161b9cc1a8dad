import {spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir, userInfo} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {claimPort, releasePort} from './port-claims.ts';

let folder: string;
const before = process.env.XDG_RUNTIME_DIR;
const file = (port: number): string => join(folder, `teralab-${userInfo().uid}-ports`, String(port));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'claims-'));
  process.env.XDG_RUNTIME_DIR = folder;
});
afterEach(() => {
  if (before === undefined) delete process.env.XDG_RUNTIME_DIR;
  else process.env.XDG_RUNTIME_DIR = before;
  rmSync(folder, {recursive: true, force: true});
});

describe('a claim of a port', () => {
  it('belongs to this process until it is released', () => {
    expect(claimPort(24_000)).toBe(true);
    expect(claimPort(24_000)).toBe(true);
    expect(readFileSync(file(24_000), 'utf8')).toBe(String(process.pid));
    releasePort(24_000);
    expect(() => readFileSync(file(24_000))).toThrow(/ENOENT/);
  });

  it('of another living process is respected, and not released by this one', () => {
    claimPort(24_001);
    writeFileSync(file(24_001), String(process.ppid));
    expect(claimPort(24_001)).toBe(false);
    releasePort(24_001);
    expect(readFileSync(file(24_001), 'utf8')).toBe(String(process.ppid));
  });

  it('of a dead process counts for nothing', () => {
    claimPort(24_002);
    writeFileSync(file(24_002), String(spawnSync(process.execPath, ['-e', '0']).pid));
    expect(claimPort(24_002)).toBe(true);
  });
});
