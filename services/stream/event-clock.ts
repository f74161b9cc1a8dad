/** What is known of the time in one partition. All times are unix ms. */
export interface PartitionClock {
  /** Events from before it are out of order by more than is expected; null as long as there was none. */
  readonly watermark: number | null;
  /** When the newest of its messages was published. */
  readonly seenAt: number;
  /** It has nothing to say, so that the others do not wait for it. */
  readonly idle: boolean;
}

/**
 * Event time of a stream. `clock` is the time up to which it is complete, as far as that can be known: the least watermark of the partitions
 * that are not idle. It never goes back.
 */
export interface EventClock {
  readonly clock: number | null;
  /** Until it is known which partitions there are, the clock stands: one that was not heard of yet may have the oldest events. */
  readonly complete: boolean;
  readonly partitions: ReadonlyMap<number, PartitionClock>;
}

/** What time is told by: an event of one partition. */
export interface TimedEvent {
  readonly partition: number;
  /** When it happened, says whoever reported it. */
  readonly at: number;
  /** When the broker got it. */
  readonly publishedAt: number;
}

/** How far behind the newest event of its partition one may come without being out of order, ms. */
export const DISORDER_MS = 5_000;
/** How far behind the clock an event may be and is still counted, ms. */
export const LATENESS_MS = 30_000;
/** A partition that was silent for so long, with nothing left to read, is idle, ms. */
export const IDLE_AFTER_MS = 5_000;

export const NEW_CLOCK: EventClock = {clock: null, complete: false, partitions: new Map()};

/**
 * The clock after an event. What lies in the future moves it no further than to the time at which it was published, or one wrong clock
 * would make the events of everybody else late.
 */
export function observe(before: EventClock, {partition, at, publishedAt}: TimedEvent): EventClock {
  const known = before.partitions.get(partition);
  const next = {
    watermark: Math.max(known?.watermark ?? Number.NEGATIVE_INFINITY, Math.min(at, publishedAt) - DISORDER_MS),
    seenAt: Math.max(known?.seenAt ?? 0, publishedAt),
    idle: false,
  };
  return advance({...before, partitions: new Map(before.partitions).set(partition, next)});
}

/** The clock once all partitions are known. Those that were not heard of are waited for until they are said to be idle. */
export function complete(before: EventClock, partitions: readonly number[]): EventClock {
  const unheard = partitions.filter(partition => !before.partitions.has(partition));
  const added = unheard.map(partition => [partition, {watermark: null, seenAt: 0, idle: false}] as const);
  return advance({...before, complete: true, partitions: new Map([...before.partitions, ...added])});
}

/** The clock when nothing is left to read in these partitions at `now`: those that have been silent for long enough are idle. */
export function rest(before: EventClock, drained: ReadonlySet<number>, now: number): EventClock {
  const partitions = [...before.partitions].map(([partition, one]) => {
    const idle = one.idle || (drained.has(partition) && one.seenAt + IDLE_AFTER_MS <= now);
    return [partition, idle === one.idle ? one : {...one, idle}] as const;
  });
  return advance({...before, partitions: new Map(partitions)});
}

/** Whether an event comes too late to be counted: windows that it would change may be final. */
export function isLate({clock}: EventClock, at: number): boolean {
  return clock !== null && at < clock - LATENESS_MS;
}

/** A window is open until the clock has passed its end, closed while it may still be put right, and final after that. */
export function windowState(clock: number | null, end: number): 'open' | 'closed' | 'final' {
  if (clock === null || clock < end) return 'open';
  return clock < end + LATENESS_MS ? 'closed' : 'final';
}

function advance(state: EventClock): EventClock {
  const all = [...state.partitions.values()];
  const awake = all.filter(({idle}) => !idle);
  if (!state.complete || awake.some(({watermark}) => watermark === null)) return state;
  const heard = all.flatMap(({watermark}) => watermark ?? []);
  if (heard.length === 0) return state;
  // When nobody has anything to say, the one that came furthest tells the time.
  const reached = awake.length > 0 ? Math.min(...awake.map(({watermark}) => watermark ?? 0)) : Math.max(...heard);
  return {...state, clock: Math.max(state.clock ?? Number.NEGATIVE_INFINITY, reached)};
}
