import type {CreateWindows} from 'teralab/stream/seams/window';

/** The time of the newest event that was looked at. */
interface State {
  readonly newest: number | null;
}

/** An event belongs into the window in which it arrives. */
export const createWindows: CreateWindows<State> = () => ({
  begin: () => ({newest: null}),
  add: (_state, {arrivedAt}) => ({state: {newest: arrivedAt}, countAt: arrivedAt}),
  rest: state => state,
  clock: ({newest}) => newest,
});
