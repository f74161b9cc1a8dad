import type {Journal} from '../../faults/experiments/journal.ts';
import {counted, dateAndTime, grouped, milliseconds, percent, seconds} from '../figures.ts';
import {type Markup, markup} from '../markup.ts';
import {oneLine, shortened, valueText} from '../untrusted.ts';
import {biteOf} from './fault-windows.ts';
import {outcomeOf} from './outcome.ts';
import {repeatCommand} from './repeat.ts';
import {overallSeries} from './series.ts';

const BECAUSE_MAX = 1000;
const COMMAND_MAX = 1000;
const TITLE_MAX = 200;
const DESCRIPTION_MAX = 2000;

/** The verdict first, then what it is about and how to see it again. */
export function verdictSection(journal: Journal): Markup {
  const {word, look, symbol, because, doubts} = outcomeOf(journal);
  const {experiment, seed, system, start} = journal;
  const tags = Array.isArray(experiment.tags)
    ? experiment.tags.slice(0, 20).map(tag => oneLine(valueText(tag), 40))
    : [];
  return markup`<header>
<p class="verdict ${look}"><span class="word"><span aria-hidden="true">${symbol}</span> ${word}</span> <span class="because">${shortened(because, BECAUSE_MAX)}</span></p>
${
  doubts.length > 0 &&
  markup`<ul class="doubts">${doubts.map(
    doubt => markup`<li><span aria-hidden="true">⚠</span> ${doubt}</li>
`,
  )}</ul>
`
}<h1>${oneLine(experiment.title, TITLE_MAX)}</h1>
${
  typeof experiment.description === 'string' &&
  markup`<p class="description">${shortened(experiment.description, DESCRIPTION_MAX)}</p>
`
}${
  tags.length > 0 &&
  markup`<ul class="tags" aria-label="tags">${tags.map(tag => markup`<li>${tag}</li>`)}</ul>
`
}<dl class="facts">
<div class="command"><dt>run it again</dt><dd><code>${shortened(repeatCommand(journal), COMMAND_MAX)}</code></dd></div>
<div><dt>seed</dt><dd><code>${seed}</code></dd></div>
<div><dt>started</dt><dd>${dateAndTime(start)}</dd></div>
<div><dt>system</dt><dd>${system === null ? 'none was needed' : markup`${oneLine(system.runtime, 40)}, session <code>${oneLine(system.session, 40)}</code>`}</dd></div>
</dl>
${tiles(journal)}</header>
`;
}

/** The few figures that people look for first. */
function tiles(journal: Journal): Markup {
  const intervals = overallSeries(journal.load);
  const sum = (of: 'ok' | 'failed' | 'dropped'): number => intervals.reduce((total, each) => total + each[of], 0);
  const [ok, failed, dropped] = [sum('ok'), sum('failed'), sum('dropped')];
  const all = ok + failed + dropped;
  const longest = intervals.reduce((most, {latencyMs}) => Math.max(most, latencyMs?.max ?? 0), 0);
  const biting = journal.faults.filter(fault => biteOf(fault).word === 'bites').length;
  const figures = [
    ['duration', journal.duration === null ? 'no end' : seconds(journal.duration), ''],
    ['faults that bit', `${biting} of ${journal.faults.length}`, ''],
    ['operations', all === 0 ? 'no load' : grouped(all), ''],
    ['ok', all === 0 ? '-' : percent(ok / all), all === 0 ? '' : `${grouped(failed)} failed`],
    ['dropped', all === 0 ? '-' : grouped(dropped), all === 0 ? '' : 'could not be sent'],
    ['longest answer', longest === 0 ? '-' : milliseconds(longest), ''],
  ] as const;
  return markup`<ul class="tiles" aria-label="${counted(figures.length, 'key figure')}">
${figures.map(
  ([
    name,
    value,
    note,
  ]) => markup`<li><span class="name">${name}</span> <strong>${value}</strong> <span class="note">${note}</span></li>
`,
)}</ul>
`;
}
