import type {ActivityRun} from '../../faults/experiments/journal.ts';
import {milliseconds, offset} from '../figures.ts';
import {type Markup, markup} from '../markup.ts';
import {oneLine, shortened, valueText} from '../untrusted.ts';

const OUTPUT_CHARACTERS_MAX = 2000;
const OUTPUT_LINES_MAX = 20;
const ARGUMENTS_MAX = 1000;
const EXCEPTION_MAX = 1000;
const LOOKS = {succeeded: ['good', '✔'], failed: ['bad', '✖'], aborted: ['warn', '■']} as const;

/** What was done, in order: the method, or the rollbacks. */
export function activitiesSection(
  id: string,
  title: string,
  runs: readonly ActivityRun[],
  {start, empty}: {readonly start: number; readonly empty: string},
): Markup {
  return markup`<section aria-labelledby="${id}">
<h2 id="${id}">${title}</h2>
${runs.length === 0 ? markup`<p>${empty}</p>` : markup`<ol class="activities">${runs.map(run => activityItem(run, start))}</ol>`}
</section>
`;
}

function activityItem(run: ActivityRun, start: number): Markup {
  const {activity, status, duration, exception, fault, tolerance_met} = run;
  const [look, symbol] = LOOKS[status] ?? LOOKS.failed;
  const output = outputText(run.output);
  return markup`<li class="${look}">
<h3><span class="sign"><span aria-hidden="true">${symbol}</span> ${status}</span> <bdi>${oneLine(activity.name, 200)}</bdi></h3>
<p class="meta">${activity.type}${activity.background === true && ', in the background'} · at ${offset(run.start, start)} · took ${milliseconds(duration)}${fault !== undefined && markup` · fault <code>${oneLine(fault, 40)}</code>`}${tolerance_met !== undefined && ` · ${tolerance_met ? 'within' : 'outside of'} its tolerance`}${activity.tolerance !== undefined && markup` <code>${oneLine(valueText(activity.tolerance), 160)}</code>`}</p>
${
  exception !== undefined &&
  markup`<p class="exception">${shortened(exception, EXCEPTION_MAX, 10)}</p>
`
}${
  output !== '' &&
  markup`<details data-print><summary>output</summary><pre>${output}</pre></details>
`
}<details><summary>provider</summary><pre>${shortened(valueText(activity.provider, 2), ARGUMENTS_MAX, 40)}</pre></details>
</li>
`;
}

function outputText(output: unknown): string {
  if (output === null || output === undefined || output === '') return '';
  return shortened(valueText(output, 2), OUTPUT_CHARACTERS_MAX, OUTPUT_LINES_MAX);
}
