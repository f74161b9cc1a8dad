import {appendFile, mkdtemp, rm, stat, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {openLedger, readLedger} from './ledger.ts';
import type {LedgerEntry} from './load.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ledger-'));
  path = join(folder, 'ledger.jsonl');
});
afterEach(() => rm(folder, {recursive: true}));

describe('a ledger', () => {
  it('holds an entry once its append has settled, in order, for its owner only', async () => {
    const ledger = await openLedger(path);
    await Promise.all([ledger.append(entry('a')), ledger.append(entry('b'))]);
    expect((await readLedger(path)).map(({id}) => id)).toEqual(['a', 'b']);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await ledger.close();
  });

  it('is read without the line that a crash left half written, and goes on after it', async () => {
    const first = await openLedger(path);
    await first.append(entry('a'));
    await first.close();
    await appendFile(path, '{"id":"torn","na');
    expect((await readLedger(path)).map(({id}) => id)).toEqual(['a']);
    const second = await openLedger(path);
    await second.append(entry('b'));
    await second.close();
    expect((await readLedger(path)).map(({id}) => id)).toEqual(['a', 'b']);
  });

  it('names the line that is no entry', async () => {
    await writeFile(path, '{"id":"a"}\nnonsense\n');
    await expect(readLedger(path)).rejects.toThrow(/Line 2/);
  });
});

function entry(id: string): LedgerEntry {
  const operation = {request: {method: 'GET', path: '/'}, patienceMs: 1} as const;
  return {
    id,
    name: 'x',
    phase: 'attack',
    intendedAt: 0,
    outcome: 'ok',
    status: 200,
    latencyMs: 1,
    uncorrectedMs: 1,
    sends: [],
    operation,
  };
}
