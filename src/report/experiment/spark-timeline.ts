import type {Journal} from '../../faults/experiments/journal.ts';
import {sampled, sparkBars} from '../chart/spark.ts';
import {grouped, milliseconds, seconds} from '../figures.ts';
import {oneLine} from '../untrusted.ts';
import {windowOf} from './fault-windows.ts';
import {type Interval, overallSeries, perSecond} from './series.ts';
import {spanOf} from './span.ts';

const COLUMNS = 60;
const FAULTS_MAX = 12;

/** The timeline as lines of text: bars for rates and latencies, and a row of each fault below them, all over the same time. */
export function sparkTimeline(journal: Journal): string {
  const span = spanOf(journal);
  const all = overallSeries(journal.load);
  const columns = sampled(span, COLUMNS, (from, to) => all.filter(each => each.at < to && each.to > from));
  const rows =
    all.length === 0
      ? []
      : [
          ...(['ok', 'failed', 'dropped'] as const).map(name => rateRow(name, columns)),
          latencyRow('p50', columns),
          latencyRow('p99', columns),
        ];
  const faults = journal.faults.slice(0, FAULTS_MAX).flatMap(fault => {
    const window = windowOf(fault, span.to);
    if (window === undefined) return [];
    const row = sampled(span, COLUMNS, (from, to) => (window.from < to && window.to > from ? '#' : '-')).join('');
    return `fault    ${row}  ${fault.kind} ${oneLine(fault.target, 40)} ${oneLine(fault.id, 16)}`;
  });
  const end = seconds(span.to - journal.start);
  const begin = seconds(span.from - journal.start);
  return [...rows, ...faults, `         ${begin}${end.padStart(COLUMNS - begin.length)}`].join('\n');
}

function rateRow(name: 'ok' | 'failed' | 'dropped', columns: readonly (readonly Interval[])[]): string {
  const values = columns.map(intervals =>
    intervals.length === 0 ? null : mean(intervals.map(each => perSecond(each[name], each))),
  );
  return `${name.padEnd(8)} ${sparkBars(values)}  up to ${grouped(largest(values))}/s`;
}

function latencyRow(name: 'p50' | 'p99', columns: readonly (readonly Interval[])[]): string {
  const values = columns.map(intervals => {
    const known = intervals.flatMap(({latencyMs}) => latencyMs?.[name] ?? []);
    return known.length === 0 ? null : Math.max(...known);
  });
  return `${name.padEnd(8)} ${sparkBars(values)}  up to ${milliseconds(largest(values))}`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function largest(values: readonly (number | null)[]): number {
  return values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
}
