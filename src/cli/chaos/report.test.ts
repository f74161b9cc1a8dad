import {mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it, vi} from 'vitest';
import {expectDocumented} from '../../../test/support/documented.ts';
import {generatedJournal} from '../../report/testing.ts';
import {run as chaos} from '../commands/chaos.ts';
import {fakeRun} from '../testing.ts';
import {findJournal} from './find-journal.ts';

const ID = '2026-11-27T06-25-22.000Z-slow-identity';
let home: string;
let journal: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'chaos-report-'));
  vi.stubEnv('TERALAB_HOME', home);
  journal = await makeRun(ID);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(home, {recursive: true});
});

async function makeRun(id: string): Promise<string> {
  const file = join(home, 'state', 'experiments', id, 'journal.json');
  await mkdir(dirname(file), {recursive: true});
  await writeFile(file, JSON.stringify(generatedJournal()));
  return file;
}

describe('chaos report', () => {
  it('writes both reports beside the journal and names them', async () => {
    const {context, stdout} = fakeRun({json: true});
    expect(await chaos(context, ['report', journal])).toBe('ok');
    const document = JSON.parse(stdout());
    expectDocumented('chaos report', document);
    expect(document).toEqual({
      journal,
      html: join(dirname(journal), 'report.html'),
      markdown: join(dirname(journal), 'report.md'),
    });
    expect(await readFile(document.html, 'utf8')).toContain('<a href="journal.json">');
  });

  it('writes one file where it is told to, of the kind that its ending says', async () => {
    const {context, stdout} = fakeRun();
    await chaos(context, ['report', ID, '--out', join(home, 'x', 'a.md')]);
    expect(stdout()).toBe(`Wrote ${join(home, 'x', 'a.md')}\n`);
    expect(await readFile(join(home, 'x', 'a.md'), 'utf8')).toContain('**Completed**');
    await expect(readFile(join(dirname(journal), 'report.html'))).rejects.toThrow('ENOENT');
    await expect(chaos(context, ['report', ID, '--out', 'a.pdf'])).rejects.toMatchObject({code: 'BAD_VALUE'});
  });
});

describe('a journal', () => {
  it('is found by its file, its folder, its id and the end of that', async () => {
    for (const word of [journal, dirname(journal), ID, 'slow-identity']) expect(await findJournal(word)).toBe(journal);
  });

  it('is not found outside of the runs, nor where several fit', async () => {
    await writeFile(join(home, 'state', 'journal.json'), '{}');
    for (const word of ['..', '../experiments', 'nothing', '', 'identity2'])
      await expect(findJournal(word, join(home, 'state', 'experiments'))).rejects.toMatchObject({code: 'UNKNOWN_RUN'});
    await makeRun('2026-11-28T06-25-22.000Z-slow-identity');
    await expect(findJournal('slow-identity')).rejects.toThrow('2 runs');
  });
});
