import type {Journal} from '../../faults/experiments/journal.ts';
import {type Markup, markup} from '../markup.ts';
import {hoverData} from './hover-data.ts';
import {markRows} from './marks.ts';
import {overallSeries} from './series.ts';
import {NARROW, POINTS_MAX, timeline, WIDE} from './timeline.ts';

/** The timeline for wide and for narrow pages, of which the style sheet shows one, and what the script reads under a pointer. */
export function timelineSection(journal: Journal): Markup {
  const count = overallSeries(journal.load).length;
  const isEmpty = count + journal.faults.length + markRows(journal).length === 0;
  return markup`<section aria-labelledby="timeline">
<h2 id="timeline">Timeline</h2>
${
  count === 0 &&
  markup`<p>Nothing was measured: there was no load.</p>
`
}${!isEmpty && picture(journal, count)}</section>
`;
}

function picture(journal: Journal, count: number): Markup {
  const merges = Math.ceil(count / POINTS_MAX);
  return markup`<div class="chart" tabindex="0" role="group" aria-label="Timeline. With the arrow keys its values are read out.">
${timeline(journal, WIDE)}${timeline(journal, NARROW)}<div class="reading" role="status" hidden></div>
</div>
<script type="application/json" id="points">${hoverData(journal)}</script>
<p class="hint">${journal.faults.length > 0 && 'Shaded: faults in force; dashed: until when one was planned. '}${count > 0 && HINT}${
    merges > 1 && ` Each point stands for ${merges} intervals and shows the worst latencies of them.`
  }</p>
`;
}

const HINT =
  'Operations are counted at the moment at which they were meant to be sent, and latencies from it. Point at the picture, or use the arrow keys, to read values.';
