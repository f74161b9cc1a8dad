import type {Journal} from '../../faults/experiments/journal.ts';
import type {Markup} from '../markup.ts';
import {embeddedJson} from '../page/embedded-json.ts';
import {oneLine} from '../untrusted.ts';
import {windowOf} from './fault-windows.ts';
import {type Interval, merged, overallSeries, perSecond} from './series.ts';
import {spanOf} from './span.ts';
import {POINTS_MAX} from './timeline.ts';

/** What the script of the page shows under a pointer: rates and latencies of each point, and the faults with their windows. */
export function hoverData(journal: Journal): Markup {
  const end = spanOf(journal).to;
  return embeddedJson({
    start: journal.start,
    points: merged(overallSeries(journal.load), POINTS_MAX).map(row),
    faults: journal.faults.flatMap(fault => {
      const window = windowOf(fault, end);
      return window === undefined ? [] : [[window.from, window.to, oneLine(`${fault.kind} ${fault.target}`, 60)]];
    }),
  });
}

function row(interval: Interval): readonly (number | null)[] {
  const {at, to, ok, failed, dropped, latencyMs} = interval;
  const rates = [ok, failed, dropped].map(count => Number(perSecond(count, interval).toFixed(1)));
  return [at, to, ...rates, latencyMs?.p50 ?? null, latencyMs?.p90 ?? null, latencyMs?.p99 ?? null];
}
