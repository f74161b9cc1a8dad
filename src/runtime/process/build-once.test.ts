import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {LabError} from '../../errors.ts';
import {buildOnce} from './build-once.ts';
import {commandError} from './run-command.ts';

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'teralab-build-'));
});
afterEach(() => rmSync(parent, {recursive: true, force: true}));

describe('buildOnce', () => {
  it('keeps the first of several that are built at the same time, and no draft', async () => {
    const folder = join(parent, 'template');
    await Promise.all(
      ['a', 'b', 'c'].map(async name =>
        buildOnce(folder, undefined, async draft => writeFileSync(join(draft, 'who'), name)),
      ),
    );
    expect(readdirSync(parent)).toEqual(['template']);
    const who = readFileSync(join(folder, 'who'), 'utf8');
    await buildOnce(folder, undefined, async () => expect.unreachable());
    expect(readFileSync(join(folder, 'who'), 'utf8')).toBe(who);
  });

  it('leaves nothing when building fails', async () => {
    const failing = buildOnce(join(parent, 'template'), undefined, async () => {
      throw new LabError('POSTGRES_FAILED', 'no');
    });
    await expect(failing).rejects.toMatchObject({code: 'POSTGRES_FAILED'});
    expect(readdirSync(parent)).toEqual([]);
  });

  it('removes the drafts of the dead and not those of the living', async () => {
    const alive = `.draft-template-${process.ppid}-00000000`;
    for (const name of [alive, '.draft-template-4194399-00000000']) mkdirSync(join(parent, name));
    await buildOnce(join(parent, 'template'), undefined, async () => undefined);
    expect(readdirSync(parent).toSorted()).toEqual([alive, 'template']);
  });
});

describe('commandError', () => {
  it.each([
    ['cp: error writing x: No space left on device', 'NO_SPACE'],
    ['initdb: error: could not create directory "x": Permission denied', 'NOT_ALLOWED'],
    ['FATAL:  could not write lock file', 'POSTGRES_FAILED'],
  ])('reads the reason out of "%s"', (output, code) => {
    expect(commandError('initdb', output, 1)).toMatchObject({code, message: expect.stringContaining(output)});
  });
});
