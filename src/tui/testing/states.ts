import type {StatusReport} from '../../controller/protocol.ts';
import type {ScreenEvent} from '../event.ts';
import {reduce} from '../reducer.ts';
import {initialState, type ScreenState} from '../state.ts';
import {NOON, samplePath, sampleStatus, sampleText} from './samples.ts';

export function startState(size = {columns: 80, rows: 24}): ScreenState {
  return initialState({workspace: '/home/ada/teralab', now: NOON, size});
}

export function play(state: ScreenState, ...events: readonly ScreenEvent[]): ScreenState {
  return events.reduce(reduce, state);
}

/** A healthy system, the path, and the open lab. */
export function readyState(size = {columns: 80, rows: 24}, status: StatusReport = sampleStatus): ScreenState {
  return play(
    startState(size),
    {type: 'path', path: samplePath},
    {type: 'lab', text: sampleText('p2-04-no-lost-events')},
    {type: 'system', status},
  );
}
