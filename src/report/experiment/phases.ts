import type {Journal} from '../../faults/experiments/journal.ts';
import {oneLine} from '../untrusted.ts';
import {windowOf} from './fault-windows.ts';
import {type Interval, overallSeries} from './series.ts';
import {spanOf} from './span.ts';

/** What the load saw in one part of an experiment. */
export interface Phase {
  readonly name: string;
  readonly lastedMs: number;
  readonly sent: number;
  readonly ok: number;
  readonly failed: number;
  readonly dropped: number;
  /** Medians of the intervals' percentiles, and the longest of all; null when nothing was answered. */
  readonly latencyMs: {readonly p50: number; readonly p99: number; readonly max: number} | null;
}

const NAMES = ['before any fault', 'while a fault was in force', 'between faults', 'after the last fault'] as const;

/** Of more faults than these only what all of them did is told. */
const FAULTS_MAX = 8;

/** The load before, during, between and after faults, and during each of several; without faults all of it. Parts without load are left out. */
export function phasesOf(journal: Journal): readonly Phase[] {
  const span = spanOf(journal);
  const windows = journal.faults.flatMap(fault => windowOf(fault, span.to) ?? []);
  const intervals = overallSeries(journal.load);
  if (windows.length === 0) return intervals.length === 0 ? [] : [phase('all of it', intervals)];
  const first = Math.min(...windows.map(({from}) => from));
  const last = Math.max(...windows.map(({to}) => to));
  const nameOf = ({at, to}: Interval): (typeof NAMES)[number] => {
    if (windows.some(window => at < window.to && to > window.from)) return NAMES[1];
    if (to <= first) return NAMES[0];
    return at >= last ? NAMES[3] : NAMES[2];
  };
  return NAMES.flatMap(name => {
    const own = intervals.filter(interval => nameOf(interval) === name);
    if (own.length === 0) return [];
    const each = name === NAMES[1] && windows.length > 1 ? faultPhases(journal, intervals, span.to) : [];
    return [phase(name, own), ...each];
  });
}

function faultPhases({faults}: Journal, intervals: readonly Interval[], end: number): readonly Phase[] {
  if (faults.length > FAULTS_MAX) return [];
  return faults.flatMap(fault => {
    const window = windowOf(fault, end);
    const own = window === undefined ? [] : intervals.filter(({at, to}) => at < window.to && to > window.from);
    return own.length === 0 ? [] : [phase(`– ${fault.kind} ${oneLine(fault.id, 16)}`, own)];
  });
}

function phase(name: string, intervals: readonly Interval[]): Phase {
  const sum = (of: (interval: Interval) => number): number => intervals.reduce((total, each) => total + of(each), 0);
  const latencies = intervals.flatMap(({latencyMs}) => latencyMs ?? []);
  return {
    name,
    lastedMs: sum(({at, to}) => to - at),
    sent: sum(each => each.sent),
    ok: sum(each => each.ok),
    failed: sum(each => each.failed),
    dropped: sum(each => each.dropped),
    latencyMs:
      latencies.length === 0
        ? null
        : {
            p50: median(latencies.map(({p50}) => p50)),
            p99: median(latencies.map(({p99}) => p99)),
            max: latencies.reduce((most, {max}) => Math.max(most, max), 0),
          },
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}
