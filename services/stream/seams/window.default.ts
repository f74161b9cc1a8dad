import {type EventClock, isLate, newClock, observe, rest} from '../event-clock.ts';
import type {CreateWindows} from './window.ts';

/** Windows of event time: the clock is the least watermark of the partitions that are not idle, and what is too far behind it is late. */
export const createWindows: CreateWindows<EventClock> = terms => ({
  begin: newClock,
  add: (state, event) => ({
    state: observe(state, event, terms),
    countAt: isLate(state, event.at, terms) ? null : event.at,
  }),
  rest: (state, {drained, now}) => rest(state, new Set(drained), now, terms),
  clock: ({clock}) => clock,
});
