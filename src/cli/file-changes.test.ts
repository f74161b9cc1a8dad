import {appendFile, mkdtemp, rename, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {contents, type FileChanges, followFiles} from './file-changes.ts';

let folder: string;
let file: string;
let changes: FileChanges | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'teralab-changes-'));
  file = join(folder, 'compose.ts');
  await writeFile(file, 'first');
});
afterEach(async () => {
  changes?.close();
  await rm(folder, {recursive: true, force: true});
});

const never = new AbortController().signal;

describe.each([
  ['events', {}],
  ['polling', {TERALAB_POLL: '1'}],
] as const)('changes of files, noticed by %s', (noticing, env) => {
  it('are told once the file has stopped changing, and not while it is away', async () => {
    changes = await followFiles([file], env);
    expect(changes.noticing).toBe(noticing);
    const before = (await contents([file])) ?? '';
    const changed = changes.changed(before, never).then(async () => contents([file]));
    // As an editor does it: the old one goes, the new one comes in steps.
    await rename(file, `${file}~`);
    await writeFile(file, 'sec');
    await appendFile(file, 'ond');
    expect(await changed).toBe(JSON.stringify(['second']));
  });

  it('are none where a save changes nothing, and are no longer waited for after an abort', async () => {
    changes = await followFiles([file], env);
    const before = (await contents([file])) ?? '';
    await writeFile(file, 'first');
    const stop = new AbortController();
    let isTold = false;
    const waiting = changes.changed(before, stop.signal).then(() => {
      isTold = !stop.signal.aborted;
    });
    await changes.changed('something else', never);
    stop.abort();
    await waiting;
    expect(isTold).toBe(false);
  });
});

it('are looked for where the folder cannot be watched', async () => {
  expect((await followFiles([join(folder, 'gone', 'compose.ts')], {})).noticing).toBe('polling');
});
