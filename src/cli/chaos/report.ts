import {dirname, extname, relative, resolve} from 'node:path';
import {LabError} from '../../errors.ts';
import type {Journal} from '../../faults/experiments/journal.ts';
import {writeAtomically} from '../../files.ts';
import {renderHtml} from '../../report/experiment/html.ts';
import {renderMarkdown} from '../../report/experiment/markdown.ts';
import {readJournal} from '../../report/experiment/read-journal.ts';
import {writeExperimentReport} from '../../report/experiment/write.ts';
import type {Outcome} from '../command.ts';
import type {Context} from '../context.ts';
import {findJournal} from './find-journal.ts';

export interface ReportFlags {
  /** A file to write instead of the two beside the journal; its ending says which of them. */
  readonly out?: string;
}

const RENDERERS: Readonly<Record<string, {readonly kind: 'html' | 'markdown'; render(journal: Journal): string}>> = {
  '.html': {kind: 'html', render: renderHtml},
  '.md': {kind: 'markdown', render: renderMarkdown},
};

/** Renders the report of an experiment again. Errors: UNKNOWN_RUN, DAMAGED_FILE, BAD_VALUE for an ending that is neither .html nor .md. */
export async function report(context: Context, rawJournal: string, {out}: ReportFlags): Promise<Outcome> {
  const renderer = out === undefined ? undefined : RENDERERS[extname(out).toLowerCase()];
  if (out !== undefined && renderer === undefined)
    throw new LabError('BAD_VALUE', `--out takes a file that ends in .html or .md, not "${out}".`);
  const file = await findJournal(rawJournal);
  const journal = await readJournal(file);
  const written = renderer === undefined || out === undefined ? undefined : {kind: renderer.kind, file: resolve(out)};
  if (written !== undefined && renderer !== undefined) await writeAtomically(written.file, renderer.render(journal));
  const both = written === undefined ? await writeExperimentReport(journal, dirname(file)) : undefined;
  const html = both?.html ?? (written?.kind === 'html' ? written.file : null);
  const markdown = both?.markdown ?? (written?.kind === 'markdown' ? written.file : null);
  if (context.json) context.document({journal: file, html, markdown});
  else for (const path of [html, markdown]) if (path !== null) context.line(`Wrote ${shown(path)}`);
  return 'ok';
}

/** As short as it can be written from here. */
function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short === '' || short.startsWith('..') ? path : short;
}
