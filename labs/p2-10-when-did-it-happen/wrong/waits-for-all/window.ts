import type {CreateWindows} from 'teralab/stream/seams/window';

interface State {
  readonly marks: Readonly<Record<number, number>>;
  readonly clock: number | null;
}

/** Each partition that was heard of says how far it is; the slowest one is the clock. */
export const createWindows: CreateWindows<State> = ({disorderMs, latenessMs}) => ({
  begin: () => ({marks: {}, clock: null}),
  add({marks, clock}, {partition, at, publishedAt}) {
    const mark = Math.max(marks[partition] ?? 0, Math.min(at, publishedAt) - disorderMs);
    const after = {...marks, [partition]: mark};
    const slowest = Math.min(...Object.values(after));
    return {
      state: {marks: after, clock: Math.max(clock ?? slowest, slowest)},
      countAt: clock !== null && at < clock - latenessMs ? null : at,
    };
  },
  rest: state => state,
  clock: ({clock}) => clock,
});
