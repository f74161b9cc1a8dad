import {type EventClock, isLate, observe, type TimedEvent} from './event-clock.ts';

/** Windows are sums of panes: counts of one second. */
export const PANE_MS = 1_000;

/** What events come to. */
export interface Counted<E extends TimedEvent> {
  readonly clock: EventClock;
  /** Start of a pane, unix ms, to the number of events in it. */
  readonly panes: ReadonlyMap<number, number>;
  /** Events that came too late to be counted, each with the clock that it was too late for. */
  readonly late: readonly {readonly event: E; readonly clock: number}[];
}

/**
 * Counts events in the order in which they come, each of them once: none may have been counted before. Every event is either in one pane or
 * late, and it does not matter how the events are divided into batches.
 */
export function countEvents<E extends TimedEvent>(before: EventClock, events: readonly E[]): Counted<E> {
  let clock = before;
  const panes = new Map<number, number>();
  const late: {readonly event: E; readonly clock: number}[] = [];
  for (const event of events) {
    if (clock.clock !== null && isLate(clock, event.at)) {
      late.push({event, clock: clock.clock});
    } else {
      const pane = Math.floor(event.at / PANE_MS) * PANE_MS;
      panes.set(pane, (panes.get(pane) ?? 0) + 1);
    }
    clock = observe(clock, event);
  }
  return {clock, panes, late};
}
