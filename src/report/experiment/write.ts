import {access} from 'node:fs/promises';
import {join} from 'node:path';
import type {Journal} from '../../faults/experiments/journal.ts';
import {writeAtomically} from '../../files.ts';
import {renderHtml} from './html.ts';
import {renderMarkdown} from './markdown.ts';

/** The name of a run's journal in its folder. */
export const JOURNAL_FILE = 'journal.json';

/** Writes `report.html` and `report.md` into a folder and gives their paths. Where the journal lies there too they link to it. Errors: NO_SPACE, NOT_ALLOWED. */
export async function writeExperimentReport(
  journal: Journal,
  folder: string,
): Promise<{readonly html: string; readonly markdown: string}> {
  const hasJournal = await access(join(folder, JOURNAL_FILE)).then(
    () => true,
    () => false,
  );
  const options = hasJournal ? {journalFile: JOURNAL_FILE} : {};
  const html = join(folder, 'report.html');
  const markdown = join(folder, 'report.md');
  await writeAtomically(html, renderHtml(journal, options));
  await writeAtomically(markdown, renderMarkdown(journal, options));
  return {html, markdown};
}
