import type {ScreenState} from '../state.ts';
import {wrap} from '../text/fit.ts';
import {clean, EMPTY, type Line, plain, span} from '../text/line.ts';
import {markdown} from '../text/markdown.ts';
import {keysView} from './keys-view.ts';
import {menuView} from './menu-view.ts';
import type {PaneView} from './pane-view.ts';
import {predictView} from './predict-view.ts';
import {resultView, taskView} from './result-view.ts';
import {trailView} from './trail-view.ts';

/** The middle: the brief of the open lab, or what was opened over it. */
export function mainView(state: ScreenState, width: number): PaneView {
  const {page} = state;
  switch (page.kind) {
    case 'brief':
      return briefView(state, width);
    case 'trail':
      return trailView(state, width);
    case 'result':
      return resultView(state, width);
    case 'task':
      return taskView(state, page.index, width);
    case 'reading':
      return {title: page.reading.title, lines: markdown(page.reading.text, width)};
    case 'logs':
      return {title: `Log of ${page.node}`, lines: logLines(page.lines, width)};
    case 'predict':
      return predictView(page, width);
    case 'keys':
      return keysView(state, width);
    default:
      return menuView(state, width);
  }
}

function briefView(state: ScreenState, width: number): PaneView {
  const {text} = state;
  if (text === null) {
    const words = state.lab === null ? 'Choose a lab on the path and press enter.' : `reading ${state.lab} …`;
    return {title: 'Brief', lines: wrap(plain(words, 'faint'), width)};
  }
  const facts = [`${text.minutes} minutes`, text.objective].join(' · ');
  const lines: Line[] = [
    ...wrap(plain(text.title, 'title'), width),
    ...wrap(plain(facts, 'faint'), width),
    ...(text.watch === '' ? [] : wrap([span('watch: ', 'strong'), span(text.watch)], width, '  ')),
    EMPTY,
    ...markdown(withoutTitle(text.brief, text.title), width),
    EMPTY,
    ...text.files.flatMap(file =>
      wrap([span('edit  ', 'faint'), span(inWorkspace(file, state.workspace), 'code')], width, '  '),
    ),
  ];
  return {title: text.id, lines};
}

/** A brief may begin with the title that stands above it already. */
function withoutTitle(brief: string, title: string): string {
  const [first = '', ...rest] = brief.trimStart().split('\n');
  return first.replace(/^#+\s*/, '').trim() === title ? rest.join('\n') : brief;
}

function inWorkspace(file: string, workspace: string): string {
  return file.startsWith(`${workspace}/`) ? file.slice(workspace.length + 1) : file;
}

function logLines(lines: readonly string[], width: number): Line[] {
  if (lines.length === 0) return [plain('nothing written yet', 'faint')];
  return lines.flatMap(line => wrap(plain(clean(line)), width, '  '));
}
