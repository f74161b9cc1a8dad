import type {CreateWindows} from 'teralab/stream/seams/window';

interface State {
  readonly marks: Readonly<Record<number, number>>;
}

/** Each partition has a time of its own, and what is late is late for its own partition. None waits for another. */
export const createWindows: CreateWindows<State> = ({disorderMs, latenessMs}) => ({
  begin: () => ({marks: {}}),
  add({marks}, {partition, at, publishedAt}) {
    const own = marks[partition];
    const mark = Math.max(own ?? 0, Math.min(at, publishedAt) - disorderMs);
    return {
      state: {marks: {...marks, [partition]: mark}},
      countAt: own !== undefined && at < own - latenessMs ? null : at,
    };
  },
  rest: state => state,
  clock({marks}) {
    const all = Object.values(marks);
    return all.length === 0 ? null : Math.max(...all);
  },
});
