import type {Journal} from '../../faults/experiments/journal.ts';
import {offset} from '../figures.ts';
import {type Markup, markup} from '../markup.ts';
import {heldText, hypothesisTitle, type Look, type ProbeHistory, probeHistories} from './hypothesis.ts';

/** More looks than these during the method are counted, and only those shown at which it did not hold. */
const LOOKS_MAX = 6;

/** The hypothesis before, during and after the method, probe by probe. */
export function hypothesisSection(journal: Journal): Markup {
  const {before, during, after} = journal.steady_states;
  const histories = probeHistories(journal);
  const held = during.filter(state => state.steady_state_met).length;
  return markup`<section aria-labelledby="hypothesis">
<h2 id="hypothesis">Hypothesis${titleText(journal)}</h2>
${
  histories.length === 0 && before === null && after === null
    ? markup`<p>None was verified.</p>`
    : markup`<p class="held">Before: <strong>${heldText(before)}</strong>. ${during.length > 0 && markup`During: <strong>held ${held} of ${during.length} times</strong>. `}After: <strong>${heldText(after)}</strong>.</p>
${histories.map(history => probeCard(history, journal.start))}`
}</section>
`;
}

function titleText(journal: Journal): Markup | false {
  const title = hypothesisTitle(journal);
  return title !== undefined && markup`: <bdi>${title}</bdi>`;
}

function probeCard({name, tolerance, looks}: ProbeHistory, start: number): Markup {
  const during = looks.filter(({when}) => when === 'during');
  const isMany = during.length > LOOKS_MAX;
  const missed = during.filter(({met}) => !met);
  const shown = looks.filter(look => look.when !== 'during' || !isMany || missed.slice(0, LOOKS_MAX).includes(look));
  const summary = `during the method: held ${during.length - missed.length} of ${during.length} times${missed.length > LOOKS_MAX ? `; the first ${LOOKS_MAX} others are shown` : ''}`;
  return markup`<article class="card">
<h3><bdi>${name}</bdi></h3>
<p class="tolerance">tolerance <code>${tolerance}</code></p>
<ul class="looks">
${shown.map(look => lookLine(look, start))}${
  isMany &&
  markup`<li class="summary">${summary}</li>
`
}</ul>
</article>
`;
}

function lookLine({when, at, met, seen}: Look, start: number): Markup {
  return markup`<li class="${met ? 'good' : 'bad'}"><span class="sign"><span aria-hidden="true">${met ? '✔' : '✖'}</span> ${met ? 'held' : 'did not hold'}</span> <span class="when">${when}, ${offset(at, start)}</span> <code>${seen}</code></li>
`;
}
