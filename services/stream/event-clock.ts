import type {TimedEvent, WindowTerms} from './seams/window.ts';

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
 * that are not idle. It never goes back. Plain JSON, so that it can be stored with what was counted by it.
 */
export interface EventClock {
  readonly clock: number | null;
  /** By number; all that there are. */
  readonly partitions: Readonly<Record<string, PartitionClock>>;
}

/** What the service promises. */
export const TERMS: WindowTerms = {disorderMs: 5_000, latenessMs: 30_000, idleAfterMs: 5_000};

/** The clock before the first event: it stands until every partition was heard of or is said to be idle, since any may have the oldest events. */
export function newClock(partitions: readonly number[]): EventClock {
  const unheard: PartitionClock = {watermark: null, seenAt: 0, idle: false};
  return {clock: null, partitions: Object.fromEntries(partitions.map(partition => [partition, unheard]))};
}

/**
 * The clock after an event. What lies in the future moves it no further than to the time at which it was published, or one wrong clock
 * would make the events of everybody else late.
 */
export function observe(
  before: EventClock,
  {partition, at, publishedAt}: Pick<TimedEvent, 'partition' | 'at' | 'publishedAt'>,
  {disorderMs}: Pick<WindowTerms, 'disorderMs'>,
): EventClock {
  const known = before.partitions[partition];
  const next = {
    watermark: Math.max(known?.watermark ?? Number.NEGATIVE_INFINITY, Math.min(at, publishedAt) - disorderMs),
    seenAt: Math.max(known?.seenAt ?? 0, publishedAt),
    idle: false,
  };
  return advance({...before, partitions: {...before.partitions, [partition]: next}});
}

/** The clock when nothing is left to read in these partitions at `now`: those that have been silent for long enough are idle. */
export function rest(
  before: EventClock,
  drained: ReadonlySet<number>,
  now: number,
  {idleAfterMs}: Pick<WindowTerms, 'idleAfterMs'>,
): EventClock {
  const falling = Object.entries(before.partitions).filter(
    ([partition, {idle, seenAt}]) => !idle && drained.has(Number(partition)) && seenAt + idleAfterMs <= now,
  );
  if (falling.length === 0) return before;
  const idle = falling.map(([partition, one]) => [partition, {...one, idle: true}] as const);
  return advance({...before, partitions: {...before.partitions, ...Object.fromEntries(idle)}});
}

/** Whether an event comes too late to be counted: windows that it would change may be final. */
export function isLate(
  {clock}: Pick<EventClock, 'clock'>,
  at: number,
  {latenessMs}: Pick<WindowTerms, 'latenessMs'>,
): boolean {
  return clock !== null && at < clock - latenessMs;
}

/** A window is open until the clock has passed its end, closed while it may still be put right, and final after that. */
export function windowState(
  clock: number | null,
  end: number,
  {latenessMs}: Pick<WindowTerms, 'latenessMs'>,
): 'open' | 'closed' | 'final' {
  if (clock === null || clock < end) return 'open';
  return clock < end + latenessMs ? 'closed' : 'final';
}

function advance(state: EventClock): EventClock {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const {watermark, idle} of Object.values(state.partitions)) {
    if (!idle && watermark === null) return state;
    if (watermark === null) continue;
    if (!idle) least = Math.min(least, watermark);
    most = Math.max(most, watermark);
  }
  // When nobody has anything to say, the one that came furthest tells the time.
  const reached = least === Number.POSITIVE_INFINITY ? most : least;
  return reached === Number.NEGATIVE_INFINITY || reached <= (state.clock ?? Number.NEGATIVE_INFINITY)
    ? state
    : {...state, clock: reached};
}
