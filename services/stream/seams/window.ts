/** An event of the stream, as windows see it. All times are unix ms. */
export interface TimedEvent {
  /** Events of one partition come in the order in which they were published; those of different ones come in any order. */
  readonly partition: number;
  /** When it happened, says whoever reported it. */
  readonly at: number;
  /** When the broker got it. */
  readonly publishedAt: number;
  /** When stream looks at it. In a replay that is long after it was published. */
  readonly arrivedAt: number;
}

/** What people may count on. */
export interface WindowTerms {
  /** How far behind the newest event of its partition one may come without being out of order, ms. */
  readonly disorderMs: number;
  /** How far behind the clock an event may be and is still counted, ms. */
  readonly latenessMs: number;
  /** A partition that was silent for so long, with nothing left to read, is not waited for, ms. */
  readonly idleAfterMs: number;
}

/** What is done with an event. */
export interface Placed<State> {
  readonly state: State;
  /** The time that it is counted at, unix ms: in the window that this lies in. Null: it came too late, and goes to the late ones instead. */
  readonly countAt: number | null;
}

/**
 * How events are put into windows of time, and what is too late for them.
 *
 * `State` is plain JSON of at most 64 kB. It is all that is remembered: it is stored in the transaction of the counts, and the next batch gets it
 * back, in whichever replica, whatever was killed meanwhile. Each event is placed once, however often it is delivered. A replay begins anew and
 * reads everything in the order of publication. Nothing here may depend on anything but what is passed in.
 */
export interface Windows<State> {
  /** Before the first event. These are all partitions that there are. */
  begin(partitions: readonly number[]): State;
  /** Places one event. */
  add(state: State, event: TimedEvent): Placed<State>;
  /** Asked about once a second, and before each event of a replay: in the partitions `drained` nothing is left to read at `now` (unix ms). */
  rest(state: State, quiet: {readonly drained: readonly number[]; readonly now: number}): State;
  /**
   * Event time up to which the stream is complete, as far as can be known, unix ms; null: not known yet. It never goes back, and no event of before
   * it less `latenessMs` is counted any more: those windows are final.
   */
  clock(state: State): number | null;
}

/** A module that replaces it exports `createWindows`. Every replica of stream creates one. */
export type CreateWindows<State = unknown> = (terms: WindowTerms) => Windows<State>;
