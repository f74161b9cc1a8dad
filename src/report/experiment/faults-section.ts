import type {Journal} from '../../faults/experiments/journal.ts';
import type {FaultRecord} from '../../faults/fault.ts';
import {type Markup, markup} from '../markup.ts';
import {oneLine} from '../untrusted.ts';
import {faultFacts} from './fault-facts.ts';
import {biteOf} from './fault-windows.ts';
import {spanOf} from './span.ts';

const SYMBOLS = {good: '✔', bad: '✖', warn: '?'} as const;

/** Every fault with what was planned and what was measured. One without effect looks different from one that bites. */
export function faultsSection(journal: Journal): Markup {
  const {to} = spanOf(journal);
  const {faults, start} = journal;
  return markup`<section aria-labelledby="faults">
<h2 id="faults">Faults</h2>
${faults.length === 0 ? markup`<p>None was injected.</p>` : faults.map(fault => faultCard(fault, start, to))}</section>
`;
}

function faultCard(fault: FaultRecord, start: number, end: number): Markup {
  const {word, look} = biteOf(fault);
  return markup`<article class="card ${look}">
<h3><bdi>${fault.kind}</bdi> on <bdi>${oneLine(fault.target, 200)}</bdi> <code>${oneLine(fault.id, 40)}</code> <span class="badge ${look}"><span aria-hidden="true">${SYMBOLS[look]}</span> ${word}</span></h3>
<dl>
${faultFacts(fault, start, end).map(
  ([
    name,
    text,
  ]) => markup`<div${isAlarming(name, fault) && markup` class="bad"`}><dt>${name}</dt><dd><bdi>${text}</bdi></dd></div>
`,
)}</dl>
</article>
`;
}

function isAlarming(name: string, {effect, healed, appliedAt, endedAt}: FaultRecord): boolean {
  if (name === 'measured effect') return effect?.verdict === 'none';
  if (name === 'after healing') return healed?.verdict === 'bites';
  return name === 'ended' && appliedAt !== undefined && endedAt === undefined;
}
