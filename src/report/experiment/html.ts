import type {Journal} from '../../faults/experiments/journal.ts';
import {hideSecrets} from '../hide-secrets.ts';
import {markup} from '../markup.ts';
import {page} from '../page/page.ts';
import {oneLine} from '../untrusted.ts';
import {activitiesSection} from './activities-section.ts';
import {evidenceSection} from './evidence-section.ts';
import {faultsSection} from './faults-section.ts';
import {hypothesisSection} from './hypothesis-section.ts';
import {numbersSection} from './numbers-section.ts';
import {outcomeOf} from './outcome.ts';
import {phasesSection} from './phases-section.ts';
import {timelineSection} from './timeline-section.ts';
import {verdictSection} from './verdict-section.ts';

export interface RenderOptions {
  /** Name of the journal's file beside the report, to link to. */
  readonly journalFile?: string | undefined;
}

/** The report of an experiment as one HTML document that needs nothing else: no network, no other file. */
export function renderHtml(raw: Journal, {journalFile}: RenderOptions = {}): string {
  const journal = hideSecrets(raw);
  const {start} = journal;
  const body = markup`<main>
${verdictSection(journal)}${timelineSection(journal)}${phasesSection(journal)}${faultsSection(journal)}${hypothesisSection(journal)}${activitiesSection(
  'method',
  'Method',
  journal.run,
  {start, empty: 'No activity was run.'},
)}${activitiesSection('rollbacks', 'Rollbacks', journal.rollbacks, {start, empty: 'None was run.'})}${numbersSection(journal)}${evidenceSection(journal, journalFile)}</main>
`;
  return page({title: `${outcomeOf(journal).word}: ${oneLine(journal.experiment.title, 120)}`, body});
}
