import type {CreateWindows} from 'teralab/stream/seams/window';

interface State {
  readonly newest: number | null;
}

/** An event belongs into the window in which it happened, whenever it comes. */
export const createWindows: CreateWindows<State> = ({disorderMs}) => ({
  begin: () => ({newest: null}),
  add: ({newest}, {at}) => ({state: {newest: Math.max(newest ?? 0, at)}, countAt: at}),
  rest: state => state,
  clock: ({newest}) => (newest === null ? null : newest - disorderMs),
});
