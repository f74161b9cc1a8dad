import {PHASES} from '../../labs/check-event.ts';
import {VERDICT_LOOK} from '../looks.ts';
import {type ChecklistItem, checklist, isRunning, shownItem} from '../select.ts';
import type {Run, ScreenState} from '../state.ts';
import {column, pad, truncate, wrap} from '../text/fit.ts';
import {clean, inTone, type Line, plain, span} from '../text/line.ts';
import {milliseconds, seconds} from './figures.ts';
import {bar} from './system-view.ts';

/** The checklist below the panes, without its title row: the run that is under way, the items, and the figures of one of them. */
export function checklistLines(state: ScreenState, width: number, height: number): Line[] {
  const items = checklist(state);
  const run = state.run !== null && isRunning(state) ? runLines(state.run, state.now, width) : [];
  const room = Math.max(1, height - run.length);
  const shown = shownItem(state);
  const rows = items.map((item, index) =>
    itemLine(item, index, index === state.task && state.focus === 'checklist', width),
  );
  const from = Math.min(Math.max(0, shown - room + 1), Math.max(0, rows.length - room));
  const seen = rows.slice(from, from + room);
  const figures = figureLines(items[shown], width).slice(0, Math.max(0, room - seen.length));
  if (items.length === 0) seen.push(plain('No lab is open.', 'faint'));
  return [...run, ...seen, ...figures].slice(0, height);
}

/** Rows that it would take to show all of it. */
export function checklistHeight(state: ScreenState, width: number): number {
  return checklistLines(state, width, Number.MAX_SAFE_INTEGER).length;
}

export function checklistTitle(state: ScreenState): string {
  const items = checklist(state);
  const counts = (['pass', 'fail', 'inconclusive'] as const).map(verdict => ({
    verdict,
    count: items.filter(item => item.verdict?.verdict === verdict).length,
  }));
  const words = counts.filter(({count}) => count > 0).map(({verdict, count}) => `${count} ${verdict}`);
  return ['Checklist', ...(words.length > 0 ? [words.join(', ')] : [])].join(' - ');
}

function itemLine({title, verdict, waiting}: ChecklistItem, index: number, chosen: boolean, width: number): Line {
  const look = VERDICT_LOOK[verdict?.verdict ?? (waiting ? 'waiting' : 'none')];
  const code = verdict?.code ?? '';
  const titleWidth = Math.max(10, width - 18 - (code === '' ? 0 : code.length + 1));
  const line = truncate(
    [
      span(`${look.mark} ${index + 1} ${column(look.word, 13)}`, look.tone),
      span(column(title, titleWidth)),
      span(code === '' ? '' : ` ${code}`, look.tone),
    ],
    width,
  );
  return chosen ? inTone(pad(line, width), 'chosen') : line;
}

function figureLines(item: ChecklistItem | undefined, width: number): Line[] {
  const verdict = item?.verdict;
  if (verdict === null || verdict === undefined) return [];
  const story = verdict.verdict === 'pass' ? undefined : verdict.evidence[0];
  return [
    ...wrap([span('  observed ', 'faint'), span(clean(verdict.observed))], width, ' '.repeat(11)).slice(0, 2),
    ...wrap([span('  expected ', 'faint'), span(clean(verdict.expected))], width, ' '.repeat(11)).slice(0, 2),
    ...(story === undefined ? [] : [truncate([span('  evidence ', 'faint'), span(clean(story))], width)]),
  ];
}

function runLines(run: Run, now: number, width: number): Line[] {
  const elapsed = Math.max(0, now - run.phaseStartedAt);
  const place = run.phase === null ? 'starting' : `${run.phase} ${PHASES.indexOf(run.phase) + 1}/${PHASES.length}`;
  const expected = run.expectedMs === undefined ? '' : ` of about ${seconds(run.expectedMs)}`;
  const word = run.state === 'stopping' ? 'stopping' : run.kind === 'check' ? 'checking' : 'breaking';
  const progress = run.expectedMs === undefined ? '' : ` ${bar(elapsed / run.expectedMs, 14)}`;
  const {live} = run;
  const figures =
    live === null
      ? clean(run.text)
      : `sent ${live.sent}  ok ${live.ok}  failed ${live.failed}  p50 ${milliseconds(live.p50)}  p99 ${milliseconds(live.p99)}`;
  const first = truncate(
    [span(`◐ ${word} `, 'info'), span(place, 'strong'), span(`  ${seconds(elapsed)}${expected}${progress}`)],
    width,
  );
  const second = truncate([span('  '), span(figures, live !== null && live.failed > 0 ? 'warn' : undefined)], width);
  return [first, second];
}
