import type {Journal} from '../../faults/experiments/journal.ts';
import {grouped, milliseconds, percent, seconds} from '../figures.ts';
import {type Markup, markup} from '../markup.ts';
import {table} from '../page/table.ts';
import {type Phase, phasesOf} from './phases.ts';

export const PHASE_HEADS = [
  'part',
  'lasted',
  'operations',
  'ok',
  'failed',
  'dropped',
  'p50',
  'p99',
  'longest',
] as const;

/** What the load saw before, during and after the faults. */
export function phasesSection(journal: Journal): Markup | false {
  const phases = phasesOf(journal);
  if (phases.length === 0) return false;
  return markup`<section aria-labelledby="phases">
<h2 id="phases">What the load saw</h2>
${table({heads: PHASE_HEADS, rows: phases.map(phaseCells), figuresFrom: 1})}<p class="hint">p50 and p99 are medians of the intervals’ percentiles, from the moment at which an operation was meant to be sent.</p>
</section>
`;
}

export function phaseCells({name, lastedMs, sent, ok, failed, dropped, latencyMs}: Phase): readonly string[] {
  const all = ok + failed + dropped;
  const share = (count: number): string => (all === 0 ? '-' : percent(count / all));
  const {p50, p99, max} = latencyMs ?? {p50: Number.NaN, p99: Number.NaN, max: Number.NaN};
  return [
    name,
    seconds(lastedMs),
    grouped(Math.max(all, sent)),
    share(ok),
    share(failed),
    share(dropped),
    ...[p50, p99, max].map(milliseconds),
  ];
}
