import type {ScreenEvent} from './event.ts';
import {predictPage} from './predict-page.ts';
import {reduceRun} from './reduce-run.ts';
import {reduceView} from './reduce-view.ts';
import {faultsInForce, isRunning, menu, visibleLabs} from './select.ts';
import type {ScreenState} from './state.ts';

/** The next state of the screen. Pure; an event that changes nothing returns the same object, so that nothing is drawn. */
export function reduce(state: ScreenState, event: ScreenEvent): ScreenState {
  switch (event.type) {
    case 'view':
      return reduceView(state, event.action);
    case 'tick':
      return isTimeShown(state) ? {...state, now: event.now} : state;
    case 'resize':
      return {...state, size: event.size};
    case 'path': {
      const next = {...state, path: event.path};
      if (state.path !== null) return keepCursor(next);
      return {
        ...next,
        pathCursor: Math.max(
          0,
          visibleLabs(next).findIndex(({id}) => id === (state.lab ?? event.path.next)),
        ),
      };
    }
    case 'lab': {
      const {text} = event;
      const results =
        text.last === null || state.results[text.id] !== undefined
          ? state.results
          : {...state.results, [text.id]: text.last};
      if (state.lab === text.id && state.text?.id === text.id) return {...state, text, results};
      const pathCursor = Math.max(
        0,
        visibleLabs(state).findIndex(({id}) => id === text.id),
      );
      return {
        ...state,
        lab: text.id,
        text,
        results,
        pathCursor,
        page: {kind: 'brief'},
        scroll: {...state.scroll, main: 0},
        task: -1,
        savedAt: null,
        notice: null,
      };
    }
    case 'reading':
      return {
        ...state,
        page: {kind: 'reading', reading: event.reading},
        focus: 'main',
        shown: 'main',
        scroll: {...state.scroll, main: 0},
        notice: null,
      };
    case 'logs':
      if (state.page.kind !== 'logs' || state.page.node !== event.node) {
        return {
          ...state,
          page: {kind: 'logs', node: event.node, lines: event.lines},
          focus: 'main',
          shown: 'main',
          scroll: {...state.scroll, main: Number.MAX_SAFE_INTEGER},
        };
      }
      return {...state, page: {...state.page, lines: event.lines}};
    case 'system-starting':
      return {
        ...state,
        now: event.now,
        system: {...state.system, state: 'starting', startedAt: event.now, progress: [], share: undefined, error: null},
      };
    case 'system-progress':
      return {
        ...state,
        system: {
          ...state.system,
          progress: [...state.system.progress, event.event.text].slice(-PROGRESS_LINES_MAX),
          share: event.event.share,
        },
      };
    case 'system':
      return keepMenuCursor({...state, system: {...state.system, state: 'up', status: event.status, error: null}});
    case 'system-failed':
      return {
        ...state,
        system: {...state.system, state: 'failed', error: event.error},
        notice: {kind: 'error', error: event.error},
      };
    case 'asked':
      return {
        ...state,
        page: predictPage(event.asked),
        focus: 'main',
        shown: 'main',
        scroll: {...state.scroll, main: 0},
        notice: null,
      };
    case 'refused':
      return state.page.kind === 'predict' ? {...state, page: {...state.page, refused: event.why}} : state;
    case 'saved':
      return {...state, savedAt: event.now, notice: null};
    case 'notice':
      return state.notice === event.notice ? state : {...state, notice: event.notice};
    default:
      return reduceRun(state, event);
  }
}

function isTimeShown(state: ScreenState): boolean {
  return (
    state.system.state === 'starting' || isRunning(state) || faultsInForce(state).some(({endsAt}) => endsAt !== null)
  );
}

function keepCursor(state: ScreenState): ScreenState {
  return {...state, pathCursor: Math.min(state.pathCursor, Math.max(0, visibleLabs(state).length - 1))};
}

function keepMenuCursor(state: ScreenState): ScreenState {
  const {page} = state;
  if (!('cursor' in page)) return state;
  return {...state, page: {...page, cursor: Math.min(page.cursor, Math.max(0, menu(state).length - 1))}};
}

const PROGRESS_LINES_MAX = 100;
