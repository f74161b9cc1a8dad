import type {CreateWindows} from 'teralab/stream/seams/window';

interface State {
  readonly newest: number | null;
}

/** An event belongs into the window in which the broker got it. */
export const createWindows: CreateWindows<State> = ({latenessMs}) => ({
  begin: () => ({newest: null}),
  add({newest}, {publishedAt}) {
    return {state: {newest: Math.max(newest ?? 0, publishedAt)}, countAt: publishedAt};
  },
  rest: state => state,
  clock: ({newest}) => (newest === null ? null : newest - latenessMs),
});
