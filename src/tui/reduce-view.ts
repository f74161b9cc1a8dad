import type {Motion, ViewAction} from './action.ts';
import {askFor} from './asks.ts';
import {layoutOf, viewOf} from './layout.ts';
import {withKey} from './predict-page.ts';
import {checklist, menu, shownItem, visibleLabs} from './select.ts';
import {PANES, type Page, type Pane, type ScreenState} from './state.ts';
import {firstRow} from './views/pane-view.ts';

/** What a key that only changes the view does. */
export function reduceView(state: ScreenState, action: ViewAction): ScreenState {
  switch (action.do) {
    case 'tab':
      return focus(
        state,
        PANES[(PANES.indexOf(state.focus) + (action.back ? PANES.length - 1 : 1)) % PANES.length] ?? 'main',
      );
    case 'move':
      return move(state, action.motion);
    case 'show':
      return open(state, pageFor(action.page));
    case 'show-task':
      return {...open(state, {kind: 'task', index: action.index}), task: action.index};
    case 'choose-target':
      return open(state, {kind: 'targets', fault: action.fault, cursor: 0});
    case 'back':
      return back(state);
    case 'zoom':
      return {...state, zoom: !state.zoom};
    case 'find':
      return {...focus(state, 'path'), finding: true, find: state.find ?? '', pathCursor: 0, notice: null};
    case 'find-text':
      return {...state, find: action.text, pathCursor: 0};
    case 'find-done':
      return action.keep ? {...state, finding: false} : allLabs(state);
    case 'ask':
      return {...state, ask: askFor(action.what, state)};
    case 'dismiss':
      return {...state, ask: null};
    case 'predict-key':
      return state.page.kind === 'predict' ? {...state, page: withKey(state.page, action.key)} : state;
  }
}

function focus(state: ScreenState, pane: Pane): ScreenState {
  return {...state, focus: pane, shown: pane === 'checklist' ? state.shown : pane};
}

function open(state: ScreenState, page: Page): ScreenState {
  return {...focus(state, 'main'), page, scroll: {...state.scroll, main: 0}, notice: null};
}

function pageFor(kind: Extract<ViewAction, {do: 'show'}>['page']): Page {
  return kind === 'faults' || kind === 'nodes' ? {kind, cursor: 0} : {kind};
}

/** One step out: of a target to the faults, of a page to the brief, of the find to all labs, of the brief to the path. */
function back(state: ScreenState): ScreenState {
  if (state.page.kind === 'targets') return open(state, {kind: 'faults', cursor: 0});
  if (state.page.kind !== 'brief') return {...open(state, {kind: 'brief'}), task: -1};
  if (state.zoom) return {...state, zoom: false};
  if (state.find !== null) return allLabs(state);
  return focus(state, 'path');
}

function allLabs(state: ScreenState): ScreenState {
  const chosen = visibleLabs(state)[state.pathCursor]?.id ?? state.lab;
  const all = {...state, find: null, finding: false};
  return {
    ...all,
    pathCursor: Math.max(
      0,
      visibleLabs(all).findIndex(({id}) => id === chosen),
    ),
  };
}

/** Moves the cursor of a list, or scrolls a text; what does not move returns the same state. */
function move(state: ScreenState, motion: Motion): ScreenState {
  const page = Math.max(1, layoutOf(state).bodyHeight - 2);
  if (state.focus === 'path')
    return {...state, pathCursor: moved(state.pathCursor, motion, page, visibleLabs(state).length - 1)};
  if (state.focus === 'checklist')
    return {...state, task: moved(Math.max(0, shownItem(state)), motion, page, checklist(state).length - 1)};
  if (state.focus === 'main' && 'cursor' in state.page) {
    return {...state, page: {...state.page, cursor: moved(state.page.cursor, motion, page, menu(state).length - 1)}};
  }
  return {...state, scroll: {...state.scroll, [state.focus]: scrolled(state, state.focus, motion, page)}};
}

function scrolled(state: ScreenState, pane: 'main' | 'system', motion: Motion, page: number): number {
  const {bodyHeight, panes} = layoutOf(state);
  const width = panes.find(shown => shown.pane === pane)?.width ?? state.size.columns;
  const view = viewOf(pane, state, width);
  const last = Math.max(0, view.lines.length - (bodyHeight - 1));
  const offset = moved(firstRow(view, state.scroll[pane], bodyHeight - 1), motion, page, last);
  // At the end of a text that grows, the end is what stays in sight.
  return offset === last && pane === 'main' && (state.page.kind === 'logs' || state.page.kind === 'trail')
    ? Number.MAX_SAFE_INTEGER
    : offset;
}

function moved(from: number, motion: Motion, page: number, last: number): number {
  const by: Record<Motion, number> = {
    up: -1,
    down: 1,
    'page-up': -page,
    'page-down': page,
    home: -Infinity,
    end: Infinity,
  };
  return Math.max(0, Math.min(last, from + by[motion]));
}
