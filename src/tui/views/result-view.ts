import {type CheckResult, passCount} from '../../labs/verdict.ts';
import {VERDICT_LOOK} from '../looks.ts';
import {checklist, resultOf} from '../select.ts';
import type {ScreenState} from '../state.ts';
import {wrap} from '../text/fit.ts';
import {clean, EMPTY, type Line, plain, span} from '../text/line.ts';
import {seconds} from './figures.ts';
import type {PaneView} from './pane-view.ts';

/** The verdict of the open lab: what was found, and what to do with it. */
export function resultView(state: ScreenState, width: number): PaneView {
  const result = resultOf(state);
  if (result === null) return {title: 'Verdict', lines: wrap(plain('Not checked yet: press c.', 'faint'), width)};
  const look = VERDICT_LOOK[result.verdict];
  const lines: Line[] = [
    ...wrap(
      [span(`${look.mark} ${HEADLINE[result.verdict]}`, look.tone), span(`  ${passCount(result)} items pass`)],
      width,
    ),
    ...wrap(plain(`seed ${result.seed} · ${result.runtime} · ${seconds(result.durationMs)}`, 'faint'), width),
    EMPTY,
    ...whatNow(result).flatMap(text => wrap(plain(text), width, '  ')),
  ];
  result.tasks.forEach((task, index) => {
    if (task.verdict !== 'pass') lines.push(EMPTY, ...taskLines(state, index, width));
  });
  return {title: `Verdict of ${result.lab}`, lines};
}

/** One item of the checklist in full: figures and the story behind them. */
export function taskView(state: ScreenState, index: number, width: number): PaneView {
  return {title: `Item ${index + 1}`, lines: taskLines(state, index, width)};
}

function taskLines(state: ScreenState, index: number, width: number): Line[] {
  const item = checklist(state)[index];
  if (item === undefined) return [plain('no such item', 'faint')];
  const {verdict} = item;
  const look = VERDICT_LOOK[verdict?.verdict ?? (item.waiting ? 'waiting' : 'none')];
  const lines: Line[] = [
    ...wrap([span(`${look.mark} ${look.word}  `, look.tone), span(item.title, 'strong')], width, '  '),
  ];
  if (verdict === null) return [...lines, EMPTY, ...wrap(plain('Press c to have it judged.', 'faint'), width)];
  if (verdict.code !== null) lines.push(plain(verdict.code, look.tone));
  lines.push(
    ...wrap([span('observed  ', 'faint'), span(clean(verdict.observed))], width, ' '.repeat(10)),
    ...wrap([span('expected  ', 'faint'), span(clean(verdict.expected))], width, ' '.repeat(10)),
  );
  if (verdict.evidence.length > 0) {
    lines.push(
      EMPTY,
      plain('Evidence', 'strong'),
      ...verdict.evidence.flatMap(text => wrap(plain(`  ${clean(text)}`), width, '    ')),
    );
  }
  return lines;
}

function whatNow({verdict}: CheckResult): readonly string[] {
  if (verdict === 'pass')
    return [
      'Passed, measured on the running system.',
      'd  the debrief: why it works and what it costs',
      's  the reference solution beside yours',
      'n  the next lab',
    ];
  if (verdict === 'fail')
    return [
      'What the system did is below. What would have to be different?',
      'h  a hint for what was found',
      'e  back to your file; save it, then c checks again',
    ];
  return ['Nothing was decided: the run could not show it either way. The reason is below; c tries again.'];
}

const HEADLINE = {pass: 'PASS', fail: 'FAIL', inconclusive: 'INCONCLUSIVE'} as const;
