import type {Pane, ScreenState} from './state.ts';
import {checklistHeight} from './views/checklist-view.ts';
import {noticeLines} from './views/edge-lines.ts';
import {mainView} from './views/main-view.ts';
import type {PaneView} from './views/pane-view.ts';
import {pathView} from './views/path-view.ts';
import {systemView} from './views/system-view.ts';

export const COLUMNS_MIN = 60;
export const ROWS_MIN = 15;
/** From here on three panes stand side by side. */
export const WIDE_COLUMNS = 120;
/** Between panes: a space, a line, a space. */
export const GAP = 3;

export interface Layout {
  readonly mode: 'tiny' | 'narrow' | 'wide';
  readonly width: number;
  /** One row less than the terminal has: Ink clears the terminal's history when a frame is as high as the terminal. */
  readonly height: number;
  readonly panes: readonly {readonly pane: Exclude<Pane, 'checklist'>; readonly width: number}[];
  /** Rows of the panes and of the checklist, their title rows included. */
  readonly bodyHeight: number;
  readonly checklistHeight: number;
  readonly noticeHeight: number;
}

/** How the screen is divided. A pure function of the state, so that scrolling knows where a text ends. */
export function layoutOf(state: ScreenState): Layout {
  const {columns, rows} = state.size;
  const height = Math.max(1, rows - 1);
  const tiny = columns < COLUMNS_MIN || rows < ROWS_MIN;
  const noticeHeight = noticeLines(state, columns).length;
  const wanted = 1 + checklistHeight(state, columns);
  const most = Math.max(5, Math.floor(height * 0.4));
  const checklist = Math.min(wanted, most);
  const mode = tiny ? 'tiny' : columns >= WIDE_COLUMNS && !state.zoom ? 'wide' : 'narrow';
  return {
    mode,
    width: columns,
    height,
    panes: mode === 'wide' ? widePanes(columns) : [{pane: state.shown, width: columns}],
    bodyHeight: height - 2 - noticeHeight - checklist,
    checklistHeight: checklist,
    noticeHeight,
  };
}

export function viewOf(pane: Exclude<Pane, 'checklist'>, state: ScreenState, width: number): PaneView {
  return {path: pathView, main: mainView, system: systemView}[pane](state, width);
}

function widePanes(columns: number): Layout['panes'] {
  const path = Math.min(44, Math.max(28, Math.floor(columns * 0.22)));
  const system = Math.min(60, Math.max(36, Math.floor(columns * 0.3)));
  return [
    {pane: 'path', width: path},
    {pane: 'main', width: columns - path - system - 2 * GAP},
    {pane: 'system', width: system},
  ];
}
