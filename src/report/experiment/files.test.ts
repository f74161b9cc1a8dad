import {mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import fc from 'fast-check';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {emptyJournal, generatedJournal, HOSTILE_TEXTS, journalOfTexts} from '../testing.ts';
import {renderHtml} from './html.ts';
import {readJournal} from './read-journal.ts';
import {writeExperimentReport} from './write.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'report-'));
});
afterEach(() => rm(folder, {recursive: true}));

describe('writing a report', () => {
  it('leaves both files and nothing else, and names them', async () => {
    const written = await writeExperimentReport(generatedJournal(), folder);
    expect(written).toEqual({html: join(folder, 'report.html'), markdown: join(folder, 'report.md')});
    expect((await readdir(folder)).sort()).toEqual(['report.html', 'report.md']);
    expect(await readFile(written.html, 'utf8')).not.toContain('href="journal.json"');
  });

  it('links to the journal that lies beside it', async () => {
    await writeFile(join(folder, 'journal.json'), '{}');
    const {html, markdown} = await writeExperimentReport(generatedJournal(), folder);
    expect(await readFile(html, 'utf8')).toContain('<a href="journal.json">');
    expect(await readFile(markdown, 'utf8')).toContain('[journal.json](journal.json)');
  });
});

describe('reading a journal', () => {
  const read = async (text: string) => {
    const file = join(folder, 'journal.json');
    await writeFile(file, text);
    return readJournal(file);
  };

  it('gives back what was written', async () => {
    for (const journal of [generatedJournal(), emptyJournal({end: null}), journalOfTexts(HOSTILE_TEXTS)])
      expect(await read(JSON.stringify(journal))).toEqual(JSON.parse(JSON.stringify(journal)));
  });

  it('names the place that is wrong', async () => {
    const text = JSON.stringify({...generatedJournal(), faults: [{id: 3}]});
    await expect(read(text)).rejects.toMatchObject({
      code: 'DAMAGED_FILE',
      message: expect.stringContaining('faults.0.id'),
    });
    await expect(read('{"format":')).rejects.toMatchObject({code: 'DAMAGED_FILE'});
    await expect(read('[]')).rejects.toMatchObject({code: 'DAMAGED_FILE'});
  });

  it('leaves formats of later versions alone', async () => {
    await expect(read('{"format":2}')).rejects.toMatchObject({code: 'NEWER_VERSION'});
  });

  it('says so where there is none', async () => {
    await expect(readJournal(join(folder, 'nothing.json'))).rejects.toMatchObject({code: 'UNKNOWN_RUN'});
  });

  it('lets nothing through that cannot be rendered', async () => {
    const whole = JSON.parse(JSON.stringify(generatedJournal())) as Record<string, unknown>;
    const names = Object.keys(whole);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), fc.jsonValue(), async (name, value) => {
        const journal = await read(JSON.stringify({...whole, [name]: value})).catch(() => undefined);
        if (journal !== undefined) expect(renderHtml(journal)).toContain('</html>');
      }),
      {numRuns: 60},
    );
  });
});
