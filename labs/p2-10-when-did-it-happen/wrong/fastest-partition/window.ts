import type {CreateWindows} from 'teralab/stream/seams/window';

interface State {
  readonly clock: number | null;
}

/** The newest event of all partitions is the clock. Then none of them can hold it up. */
export const createWindows: CreateWindows<State> = ({disorderMs, latenessMs}) => ({
  begin: () => ({clock: null}),
  add({clock}, {at, publishedAt}) {
    const mark = Math.min(at, publishedAt) - disorderMs;
    return {
      state: {clock: Math.max(clock ?? mark, mark)},
      countAt: clock !== null && at < clock - latenessMs ? null : at,
    };
  },
  rest: state => state,
  clock: ({clock}) => clock,
});
