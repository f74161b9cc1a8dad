import type {Journal} from '../../faults/experiments/journal.ts';
import type {FaultRecord} from '../../faults/fault.ts';
import {markLane} from '../chart/mark-lane.ts';
import type {Area, Plot, Strip} from '../chart/plot.ts';
import {stack} from '../chart/stack.ts';
import {timeAxis} from '../chart/time-axis.ts';
import {createTimeScale} from '../chart/time-scale.ts';
import {type WindowRow, windowLane} from '../chart/window-lane.ts';
import {nameWindows, shadeWindows, WINDOW_PATTERNS} from '../chart/windows.ts';
import {counted, dateAndTime, offset} from '../figures.ts';
import type {Markup} from '../markup.ts';
import {oneLine} from '../untrusted.ts';
import {attributesText, biteOf, windowOf} from './fault-windows.ts';
import {markRows} from './marks.ts';
import {errorPanel, latencyPanel, throughputPanel} from './panels.ts';
import {gapsIn, merged, overallSeries} from './series.ts';
import {spanOf} from './span.ts';

/** More rows than these are left to the table of faults: a tall picture shows nothing at once. */
const ROWS_MAX = 12;
const TARGET_MAX = 60;
const TITLE_MAX = 300;
/** Points of one line, about one for every two pixels. */
export const POINTS_MAX = 420;

export interface TimelineLook {
  readonly name: 'wide' | 'narrow';
  readonly width: number;
  readonly left: number;
  readonly plotHeight: number;
}

export const WIDE: TimelineLook = {name: 'wide', width: 900, left: 52, plotHeight: 130};
export const NARROW: TimelineLook = {name: 'narrow', width: 372, left: 44, plotHeight: 110};

/** The whole experiment over one axis of time: faults, throughput, latencies, errors, checks and actions. */
export function timeline(journal: Journal, look: TimelineLook): Markup {
  const span = spanOf(journal);
  const right = look.width - 10;
  const plot: Plot = {
    width: look.width,
    left: look.left,
    right,
    time: createTimeScale({...span, left: look.left, right}),
    prefix: look.name,
  };
  const rows = windowRows(journal, span.to);
  const marks = markRows(journal);
  const label = `Timeline of ${counted(journal.faults.length, 'fault')} and what the load saw; the figures are in the tables below it.`;
  return stack(
    plot,
    [
      ...(rows.length === 0 ? [] : [faultLane(plot, rows)]),
      ...loadPanels(plot, journal, rows, look.plotHeight),
      ...(marks.length === 0 ? [] : [markLane(plot, 'checks and activities', marks)]),
      timeAxis(plot, {origin: journal.start, title: `time since the start at ${dateAndTime(journal.start)}`}),
    ],
    {look: `timeline timeline-${look.name}`, label},
  );
}

function faultLane(plot: Plot, rows: readonly WindowRow[]): Strip {
  const left = rows.length - ROWS_MAX;
  return windowLane(plot, 'faults', rows.slice(0, ROWS_MAX), left > 0 ? `and ${left} more, below` : undefined);
}

function loadPanels(plot: Plot, journal: Journal, rows: readonly WindowRow[], plotHeight: number): Strip[] {
  const all = overallSeries(journal.load);
  if (all.length === 0) return [];
  const shared = {
    origin: journal.start,
    plotHeight,
    gaps: gapsIn(all, plot.time),
    behind: (area: Area) => shadeWindows(plot, rows, area),
    before: (area: Area) => nameWindows(plot, rows, area),
  };
  const intervals = merged(all, POINTS_MAX);
  return [throughputPanel, latencyPanel, errorPanel].map(panel => panel(plot, intervals, shared));
}

function windowRows({faults, start}: Journal, end: number): readonly WindowRow[] {
  return faults.flatMap((fault, index) => {
    const window = windowOf(fault, end);
    if (window === undefined) return [];
    const bite = biteOf(fault).word;
    return {
      ...window,
      id: oneLine(fault.id, 16),
      label: `${fault.kind} ${oneLine(fault.target, TARGET_MAX)} ${oneLine(fault.id, 16)}${bite === 'bites' ? '' : ` (${bite})`}`,
      title: oneLine(titleOf(fault, window, start), TITLE_MAX),
      pattern: index % WINDOW_PATTERNS,
      plannedTo: fault.endsAt,
    };
  });
}

function titleOf(fault: FaultRecord, window: {readonly from: number; readonly to: number}, start: number): string {
  const attributes = attributesText(fault);
  const to = fault.endedAt === undefined ? 'not ended' : offset(window.to, start);
  return `${fault.id}: ${fault.kind} on ${fault.target}${attributes === '' ? '' : ` (${attributes})`}, ${offset(window.from, start)} to ${to}; ${biteOf(fault).word}`;
}
