import {type LinePanelOptions, linePanel} from '../chart/line-panel.ts';
import type {Plot, Strip} from '../chart/plot.ts';
import {type Interval, linePoints, perSecond} from './series.ts';

type Shared = Pick<LinePanelOptions, 'origin' | 'gaps' | 'behind' | 'before' | 'plotHeight'>;

/** Operations per second, by how they ended. */
export function throughputPanel(plot: Plot, intervals: readonly Interval[], shared: Shared): Strip {
  return linePanel(plot, {
    ...shared,
    name: 'throughput',
    title: 'throughput',
    unit: 'operations/s',
    scale: 'linear',
    least: 1,
    lines: [
      {label: 'ok', look: 'ok', points: linePoints(intervals, each => perSecond(each.ok, each))},
      {label: 'failed', look: 'failed', points: linePoints(intervals, each => perSecond(each.failed, each))},
      {label: 'dropped', look: 'dropped', points: linePoints(intervals, each => perSecond(each.dropped, each))},
    ],
  });
}

/** Percentiles of the answered operations, on a logarithmic scale where they differ much. */
export function latencyPanel(plot: Plot, intervals: readonly Interval[], shared: Shared): Strip {
  return linePanel(plot, {
    ...shared,
    name: 'latency',
    title: 'latency',
    unit: 'ms',
    scale: 'auto',
    least: 0.1,
    lines: (['p50', 'p90', 'p99'] as const).map(name => ({
      label: name,
      look: name,
      points: linePoints(intervals, ({latencyMs}) => latencyMs?.[name] ?? null),
    })),
  });
}

/** Which share of the operations did not end well. */
export function errorPanel(plot: Plot, intervals: readonly Interval[], shared: Shared): Strip {
  const share = (count: (each: Interval) => number) =>
    linePoints(intervals, each => {
      const all = each.ok + each.failed + each.dropped;
      return all === 0 ? null : (100 * count(each)) / all;
    });
  return linePanel(plot, {
    ...shared,
    name: 'errors',
    title: 'errors',
    unit: '% of operations',
    scale: 'linear',
    least: 1,
    lines: [
      {label: 'failed', look: 'failed', points: share(each => each.failed)},
      {label: 'dropped', look: 'dropped', points: share(each => each.dropped)},
    ],
  });
}
