import {LAB_LOOK} from '../looks.ts';
import {labStatus, visibleLabs} from '../select.ts';
import type {PathLab} from '../session.ts';
import type {ScreenState} from '../state.ts';
import {column, pad, truncate, wrap} from '../text/fit.ts';
import {EMPTY, inTone, type Line, plain, span} from '../text/line.ts';
import type {PaneView} from './pane-view.ts';

/** The twelve weeks: how far each phase is, then the labs in the order in which they are met. */
export function pathView(state: ScreenState, width: number): PaneView {
  const {path, find, finding} = state;
  if (path === null) return {title: 'Path', lines: [plain('reading the path …', 'faint')]};
  const visible = visibleLabs(state);
  const lines: Line[] = [];
  let cursorRow: number | undefined;
  if (find !== null)
    lines.push([
      span('find: ', 'strong'),
      span(`${find}${finding ? '_' : ''}`),
      span(`  ${visible.length} found`, 'faint'),
    ]);
  else lines.push(...path.phases.map(phase => phaseLine(phase, width)));
  for (const block of path.blocks) {
    const labs = block.labs.filter(lab => visible.includes(lab));
    if (labs.length === 0) continue;
    lines.push(EMPTY, truncate([span(`Weeks ${block.weeks} `, 'strong'), span(block.title, 'strong')], width));
    for (const lab of labs) {
      const chosen = visible[state.pathCursor] === lab;
      if (chosen) cursorRow = lines.length;
      lines.push(labLine(state, lab, chosen, width));
    }
  }
  const waits = waitsFor(state, visible[state.pathCursor]);
  if (cursorRow !== undefined && waits !== undefined)
    lines.splice(cursorRow + 1, 0, ...wrap(plain(waits, 'faint'), width, '    '));
  return {title: 'Path', lines, ...(cursorRow === undefined ? {} : {cursorRow})};
}

function phaseLine(
  {phase, title, passed, total}: {phase: number; title: string; passed: number; total: number},
  width: number,
): Line {
  const count = ` ${passed}/${total}`;
  return [span(column(`Phase ${phase} ${title}`, width - count.length)), span(count, passed > 0 ? 'good' : 'faint')];
}

function labLine(state: ScreenState, lab: PathLab, chosen: boolean, width: number): Line {
  const look = LAB_LOOK[lab.status];
  const word = ` ${look.word}`;
  const mark = lab.id === state.lab ? '▸' : ' ';
  const line: Line = [
    span(`${mark}${look.mark} `, look.tone),
    span(
      column(lab.title, width - 3 - word.length),
      lab.id === state.lab ? 'strong' : lab.status === 'planned' ? 'faint' : undefined,
    ),
    span(word, look.tone),
  ];
  if (!chosen) return line;
  return state.focus === 'path' ? inTone(pad(line, width), 'chosen') : line;
}

function waitsFor(state: ScreenState, lab: PathLab | undefined): string | undefined {
  if (lab === undefined || state.focus !== 'path') return undefined;
  if (lab.status === 'planned') return '    not in this version yet';
  const missing = lab.waitsFor.filter(id => labStatus(state, id) !== 'planned');
  return missing.length > 0 ? `    better after ${missing.join(', ')}` : undefined;
}
