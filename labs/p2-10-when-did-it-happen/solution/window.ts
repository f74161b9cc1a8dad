import type {CreateWindows} from 'teralab/stream/seams/window';

interface Partition {
  /** Everything before it has come, as far as this partition is concerned; null: it has not said anything yet. */
  readonly mark: number | null;
  readonly seenAt: number;
  readonly idle: boolean;
}

interface State {
  readonly clock: number | null;
  readonly partitions: Readonly<Record<number, Partition>>;
}

/** Event time: each partition says how far it is, the slowest one that is not idle is the clock, and the clock says what is late. */
export const createWindows: CreateWindows<State> = ({disorderMs, latenessMs, idleAfterMs}) => ({
  begin: partitions => ({
    clock: null,
    partitions: Object.fromEntries(partitions.map(n => [n, {mark: null, seenAt: 0, idle: false}])),
  }),

  add({clock, partitions}, {partition, at, publishedAt}) {
    const mark = Math.max(partitions[partition]?.mark ?? 0, Math.min(at, publishedAt) - disorderMs);
    return {
      state: advance({clock, partitions: {...partitions, [partition]: {mark, seenAt: publishedAt, idle: false}}}),
      countAt: clock !== null && at < clock - latenessMs ? null : at,
    };
  },

  rest({clock, partitions}, {drained, now}) {
    const after = {...partitions};
    for (const n of drained) {
      const one = after[n];
      if (one !== undefined && one.seenAt + idleAfterMs <= now) after[n] = {...one, idle: true};
    }
    return advance({clock, partitions: after});
  },

  clock: ({clock}) => clock,
});

function advance({clock, partitions}: State): State {
  const all = Object.values(partitions);
  const awake = all.filter(one => !one.idle);
  if (awake.some(one => one.mark === null)) return {clock, partitions};
  const marks = (awake.length > 0 ? awake : all).flatMap(one => one.mark ?? []);
  if (marks.length === 0) return {clock, partitions};
  const reached = awake.length > 0 ? Math.min(...marks) : Math.max(...marks);
  return {clock: Math.max(clock ?? reached, reached), partitions};
}
