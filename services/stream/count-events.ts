import type {TimedEvent, Windows} from './seams/window.ts';

/** Windows are sums of panes: counts of one second. */
export const PANE_MS = 1_000;

/** What events come to. */
export interface Counted<E extends TimedEvent> {
  readonly state: unknown;
  /** Start of a pane, unix ms, to the number of events in it. */
  readonly panes: ReadonlyMap<number, number>;
  /** Events that came too late to be counted, each with the clock that it was too late for. */
  readonly late: readonly {readonly event: E; readonly clock: number | null}[];
}

/**
 * Counts events in the order in which they come, each of them once: none may have been counted before. Every event is either in one pane or
 * late, and it does not matter how the events are divided into batches. `replayed`: they come in the order of publication from all of these
 * partitions, so that one that is behind has nothing older to say.
 */
export function countEvents<E extends TimedEvent>(
  windows: Windows<unknown>,
  before: unknown,
  events: readonly E[],
  replayed?: {readonly partitions: readonly number[]},
): Counted<E> {
  let state = before;
  const panes = new Map<number, number>();
  const late: {readonly event: E; readonly clock: number | null}[] = [];
  for (const event of events) {
    if (replayed !== undefined) state = windows.rest(state, {drained: replayed.partitions, now: event.publishedAt});
    const placed = windows.add(state, event);
    if (placed.countAt === null) {
      late.push({event, clock: windows.clock(state)});
    } else {
      const pane = Math.floor(placed.countAt / PANE_MS) * PANE_MS;
      if (!(Math.abs(pane) < TIME_MAX))
        throw new Error(`An event cannot be counted at ${placed.countAt}: that is no time.`);
      panes.set(pane, (panes.get(pane) ?? 0) + 1);
    }
    state = placed.state;
  }
  return {state, panes, late};
}

/** The furthest that a date of JavaScript goes. */
const TIME_MAX = 8.64e15;
