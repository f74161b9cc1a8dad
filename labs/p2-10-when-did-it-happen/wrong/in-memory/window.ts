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

/** What is known stays in memory: there is no need to pass it along. */
export const createWindows: CreateWindows<{clock: number | null}> = ({disorderMs, latenessMs, idleAfterMs}) => {
  let known: State = {clock: null, partitions: {}};
  return {
    begin() {
      known = {clock: null, partitions: {}};
      return {clock: null};
    },

    add(_state, {partition, at, publishedAt}) {
      const {clock, partitions} = known;
      const mark = Math.max(partitions[partition]?.mark ?? 0, Math.min(at, publishedAt) - disorderMs);
      known = advance({clock, partitions: {...partitions, [partition]: {mark, seenAt: publishedAt, idle: false}}});
      return {state: {clock: known.clock}, countAt: clock !== null && at < clock - latenessMs ? null : at};
    },

    rest(_state, {drained, now}) {
      const after = {...known.partitions};
      for (const n of drained) {
        const one = after[n];
        if (one !== undefined && one.seenAt + idleAfterMs <= now) after[n] = {...one, idle: true};
      }
      known = advance({clock: known.clock, partitions: after});
      return {clock: known.clock};
    },

    clock: ({clock}) => clock,
  };
};

function advance({clock, partitions}: State): State {
  const all = Object.values(partitions);
  const awake = all.filter(one => !one.idle);
  if (awake.some(one => one.mark === null)) return {clock, partitions};
  const marks = (awake.length > 0 ? awake : all).flatMap(one => one.mark ?? []);
  if (marks.length === 0) return {clock, partitions};
  const reached = awake.length > 0 ? Math.min(...marks) : Math.max(...marks);
  return {clock: Math.max(clock ?? reached, reached), partitions};
}
