import {isRunning} from '../select.ts';
import type {ScreenState, TrailLine} from '../state.ts';
import {wrap} from '../text/fit.ts';
import {clean, EMPTY, type Line, plain, span, type Tone} from '../text/line.ts';
import type {PaneView} from './pane-view.ts';

/** What a check or an attack has done so far, with the time since it began. */
export function trailView(state: ScreenState, width: number): PaneView {
  const {run} = state;
  if (run === null) return {title: 'What happened', lines: [plain('nothing yet', 'faint')]};
  const rows = run.trail.flatMap(line => trailRows(line, run.startedAt, width));
  const title = run.kind === 'check' ? `Check of ${run.lab}` : `Breaking ${run.lab}`;
  const end: Line[] = isRunning(state)
    ? []
    : [EMPTY, ...wrap(plain(END[run.kind][run.state === 'done' ? 'done' : 'other'], 'faint'), width)];
  return {title, lines: [...rows, ...end]};
}

function trailRows({at, kind, text}: TrailLine, startedAt: number, width: number): Line[] {
  const time = `+${((at - startedAt) / 1000).toFixed(1)} s`.padStart(8);
  return wrap([span(`${time}  `, 'faint'), span(clean(text), TONES[kind])], width, ' '.repeat(10));
}

const TONES: Readonly<Record<TrailLine['kind'], Tone | undefined>> = {
  phase: 'strong',
  note: undefined,
  fault: 'warn',
  summary: 'info',
};
const END = {
  check: {done: 'Judged. Press v for the verdict.', other: 'Ended without a verdict.'},
  break: {
    done: 'That is what users would have seen. Press e to edit your file, then c to check it.',
    other: 'Ended before it was through.',
  },
};
