/** What stream promises of its windows: how far out of order, how late, how long silent, ms. */
export const TERMS = {disorderMs: 5_000, latenessMs: 30_000, idleAfterMs: 5_000} as const;
/** A batch that was not settled comes to somebody else after 10 s; nothing stays unread for longer while anybody reads. */
const UNREAD_MAX_MS = 15_000;
/** Who is silent is looked at once a second; by then it is certain. */
const LOOKED_AT_MS = 3_000;

/** An event as the broker has it. Times are unix ms. */
export interface LoggedEvent {
  readonly id: string;
  readonly partition: number;
  /** Grows with the order of publication over all partitions. */
  readonly position: number;
  readonly at: number;
  readonly publishedAt: number;
}

/**
 * `on time`, `late`: whatever the order in which partitions are read, and whoever reads how fast. `either`: it depends on that.
 * `late by silence`: late because a partition that has fallen silent is not waited for.
 */
export type Due = 'on time' | 'late' | 'late by silence' | 'either';

export interface Oracle {
  readonly due: ReadonlyMap<string, Due>;
  /** Those late by silence that are not late for their own partition, too: what tells others' time from one's own. */
  readonly lateByOthers: ReadonlySet<string>;
  /** The clock is not before this once everything up to the last barrier was read, unix ms; null: nothing can be said. */
  readonly clockMin: number | null;
}

/**
 * What becomes of each event by the terms, worked out from the log alone. `barriers`: positions up to which everything was read before anything behind
 * them was published, in order.
 *
 * From above, the clock cannot have passed the watermark of the event's own partition while that was not idle; and it cannot have been idle while less
 * than `idleAfterMs` lies between two of its events. From below, once all was read, it has reached the least watermark of those that may be awake.
 */
export function consult(log: readonly LoggedEvent[], barriers: readonly number[]): Oracle {
  const events = log.toSorted((one, other) => one.position - other.position);
  const barrier = barriers.at(-1);
  const floor = barrier === undefined ? undefined : floorAfter(events, barrier);
  const ceilings = ceilingsOf(events, barriers);
  const due = events.map((event, index): readonly [string, Due] => {
    const isAfter = barrier !== undefined && event.position > barrier;
    if (isAfter && floor !== undefined && event.at < floor.clock - TERMS.latenessMs)
      return [event.id, event.at < floor.withSilent - TERMS.latenessMs ? 'late' : 'late by silence'];
    return [event.id, event.at >= (ceilings[index] ?? 0) - TERMS.latenessMs ? 'on time' : 'either'];
  });
  const owns = ownMarksOf(events);
  const lateByOthers = due.flatMap(([id, what], index) => {
    const isLateForItsOwn = (events[index]?.at ?? 0) < (owns[index] ?? 0) - TERMS.latenessMs;
    return what === 'late by silence' && !isLateForItsOwn ? [id] : [];
  });
  return {due: new Map(due), lateByOthers: new Set(lateByOthers), clockMin: floor?.clock ?? null};
}

/** For each event, the watermark of its own partition when it comes. */
function ownMarksOf(events: readonly LoggedEvent[]): readonly number[] {
  const marks = new Map<number, number>();
  return events.map(event => {
    const before = marks.get(event.partition) ?? Number.NEGATIVE_INFINITY;
    marks.set(event.partition, Math.max(before, markOf(event)));
    return before;
  });
}

/** Counts by the second in which they happened. */
export function countBySecond(events: readonly LoggedEvent[]): ReadonlyMap<number, number> {
  const seconds = new Map<number, number>();
  for (const {at} of events) {
    const second = Math.floor(at / 1_000) * 1_000;
    seconds.set(second, (seconds.get(second) ?? 0) + 1);
  }
  return seconds;
}

/** For each event, what the clock has not passed when it is placed. */
function ceilingsOf(events: readonly LoggedEvent[], barriers: readonly number[]): readonly number[] {
  const last = new Map<number, {readonly publishedAt: number; readonly mark: number; readonly ceiling: number}>();
  return events.map(event => {
    const before = last.get(event.partition);
    const isAwake = before !== undefined && event.publishedAt - before.publishedAt < TERMS.idleAfterMs;
    const ceiling = isAwake ? Math.max(before.ceiling, before.mark) : furthestBefore(event, events, barriers);
    const mark = Math.max(before?.mark ?? Number.NEGATIVE_INFINITY, markOf(event));
    last.set(event.partition, {publishedAt: event.publishedAt, mark, ceiling});
    return ceiling;
  });
}

/** The furthest watermark of all that may have been read before it. */
function furthestBefore(event: LoggedEvent, events: readonly LoggedEvent[], barriers: readonly number[]): number {
  const until = barriers.find(position => position >= event.position) ?? Number.POSITIVE_INFINITY;
  return events
    .filter(
      other => other !== event && other.position <= until && other.publishedAt <= event.publishedAt + UNREAD_MAX_MS,
    )
    .reduce((most, other) => Math.max(most, markOf(other)), Number.NEGATIVE_INFINITY);
}

/** What the clock has reached when the first event behind the barrier comes; `withSilent`: if those that are silent were waited for. */
function floorAfter(
  events: readonly LoggedEvent[],
  barrier: number,
): {readonly clock: number; readonly withSilent: number} | undefined {
  const from = events.find(({position}) => position > barrier)?.publishedAt;
  if (from === undefined) return undefined;
  const marks = new Map<number, {readonly mark: number; readonly publishedAt: number}>();
  for (const event of events.filter(({position}) => position <= barrier)) {
    const mark = Math.max(marks.get(event.partition)?.mark ?? Number.NEGATIVE_INFINITY, markOf(event));
    marks.set(event.partition, {mark, publishedAt: event.publishedAt});
  }
  const heard = [...marks.values()];
  if (heard.length === 0) return undefined;
  const awake = heard.filter(({publishedAt}) => from - publishedAt < TERMS.idleAfterMs + LOOKED_AT_MS);
  const least = (some: typeof heard): number => Math.min(...some.map(({mark}) => mark));
  return {
    clock: awake.length > 0 ? least(awake) : Math.max(...heard.map(({mark}) => mark)),
    withSilent: least(heard),
  };
}

/** The watermark that one event alone stands for. */
function markOf({at, publishedAt}: LoggedEvent): number {
  return Math.min(at, publishedAt) - TERMS.disorderMs;
}
