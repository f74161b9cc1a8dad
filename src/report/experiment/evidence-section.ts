import type {Journal} from '../../faults/experiments/journal.ts';
import {counted, grouped} from '../figures.ts';
import {escapeText, Markup, markup} from '../markup.ts';
import {oneLine, visibleJson} from '../untrusted.ts';

/** A page with more than this becomes slow to open; the file beside it has all of it. */
const EMBEDDED_CHARACTERS_MAX = 8_000_000;

/** Where each figure comes from: the journal itself, in the page and, where it is known, as a file beside it. */
export function evidenceSection(journal: Journal, journalFile: string | undefined): Markup {
  const text = journalText(journal);
  const isTooLarge = text.length > EMBEDDED_CHARACTERS_MAX;
  const {
    faults,
    load,
    run,
    rollbacks,
    steady_states: {before, during, after},
  } = journal;
  const checks = [before, ...during, after].filter(state => state !== null).length;
  return markup`<section aria-labelledby="evidence">
<h2 id="evidence">Evidence</h2>
<p>Every figure above is computed from the journal of run <code>${oneLine(journal.id, 80)}</code>, written by teralab ${oneLine(journal['teralab-version'], 40)} for <code>${oneLine(journal.file, 300)}</code>: ${counted(checks, 'verification')} of the hypothesis, ${counted(run.length, 'activity', 'activities')}, ${counted(rollbacks.length, 'rollback')}, ${counted(faults.length, 'fault')}, ${counted(load.length, 'measurement')} of the load.${journalFile !== undefined && markup` It is <a href="${encodeURI(journalFile)}">${journalFile}</a>.`} What looks like a secret is hidden here.</p>
${
  isTooLarge
    ? markup`<p>It has ${grouped(text.length)} characters, too many for this page.</p>`
    : markup`<p><button type="button" id="save" hidden>Save the journal</button></p>
<details><summary>The journal</summary><pre id="journal">${Markup.own(escapeText(text))}</pre></details>`
}
</section>
`;
}

/** The journal as JSON that can be read: indented, but each measurement of the load on one line. */
export function journalText(journal: Journal): string {
  const {load, ...rest} = journal;
  const head = JSON.stringify(rest, undefined, 2).replace(/\n\}$/, '');
  const points = load.map(point => `\n    ${JSON.stringify(point)}`).join(',');
  return visibleJson(`${head},\n  "load": [${points}${points === '' ? '' : '\n  '}]\n}`);
}
