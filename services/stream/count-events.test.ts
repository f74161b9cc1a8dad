import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {countEvents, PANE_MS} from './count-events.ts';
import {type EventClock, newClock, observe, rest, TERMS, windowState} from './event-clock.ts';
import {createWindows} from './seams/window.default.ts';
import type {TimedEvent} from './seams/window.ts';

const {disorderMs: DISORDER_MS, latenessMs: LATENESS_MS, idleAfterMs: IDLE_AFTER_MS} = TERMS;
const WINDOWS = createWindows(TERMS);

interface Event extends TimedEvent {
  readonly id: number;
}

const BASE = 1_700_000_000_000;
const PARTITIONS = [0, 1, 2];

/** Events in order of publication, some of them out of order or from the future. */
const events = fc
  .array(
    fc.record({
      partition: fc.constantFrom(...PARTITIONS),
      stepMs: fc.integer({min: 0, max: 20_000}),
      offMs: fc.oneof(fc.integer({min: -DISORDER_MS, max: 0}), fc.integer({min: -3 * LATENESS_MS, max: 60_000})),
    }),
    {maxLength: 60},
  )
  .map(raw => {
    let now = BASE;
    return raw.map(({partition, stepMs, offMs}, id): Event => {
      now += stepMs;
      return {id, partition, at: now + offMs, publishedAt: now, arrivedAt: now};
    });
  });

/** Divides a list into batches at drawn places. */
function batchesOf<T>(list: readonly T[], cuts: readonly number[]): readonly (readonly T[])[] {
  const places = [0, ...new Set(cuts.map(cut => Math.round(cut * list.length)))].sort((a, b) => a - b);
  return places.map((place, n) => list.slice(place, places[n + 1] ?? list.length));
}

/** An offline count, written another way: the clock is found anew from all events before each one. */
function oracle(list: readonly Event[]): {panes: Map<number, number>; late: number[]} {
  const panes = new Map<number, number>();
  const late: number[] = [];
  list.forEach((event, n) => {
    const clocks = list.slice(0, n + 1).map((_, length) => {
      const marks = PARTITIONS.map(partition =>
        list
          .slice(0, length)
          .filter(one => one.partition === partition)
          .reduce((most, {at, publishedAt}) => Math.max(most, Math.min(at, publishedAt) - DISORDER_MS), -Infinity),
      );
      return Math.min(...marks);
    });
    if (event.at < Math.max(...clocks) - LATENESS_MS) late.push(event.id);
    else panes.set(Math.floor(event.at / 1_000) * 1_000, (panes.get(Math.floor(event.at / 1_000) * 1_000) ?? 0) + 1);
  });
  return {panes, late};
}

/** As the service does it: batches, of which some come again, each with what was stored and no more. */
function run(batches: readonly (readonly Event[])[], start: EventClock) {
  const known = new Set<number>();
  const panes = new Map<number, number>();
  const late: number[] = [];
  let stored = start;
  for (const batch of batches) {
    const fresh = batch.filter(({id}) => !known.has(id) && known.add(id));
    const counted = countEvents(WINDOWS, restart(stored), fresh);
    for (const [pane, count] of counted.panes) panes.set(pane, (panes.get(pane) ?? 0) + count);
    late.push(...counted.late.map(({event}) => event.id));
    stored = counted.state as EventClock;
  }
  return {panes, late, clock: stored};
}

/** What a process that starts again has: only what can be written down. */
function restart(clock: EventClock): EventClock {
  return JSON.parse(JSON.stringify(clock)) as EventClock;
}

const ALL_KNOWN = newClock(PARTITIONS);
const cuts = fc.array(fc.double({min: 0, max: 1, noNaN: true}), {maxLength: 6});

describe('windows of event time', () => {
  it('are those of the oracle, over batches of any size, restarts between them, and batches that come again', () => {
    fc.assert(
      fc.property(events, cuts, fc.array(fc.boolean(), {maxLength: 8}), (list, places, again) => {
        const batches = batchesOf(list, places).flatMap((batch, n) => (again[n] ? [batch, batch] : [batch]));
        const {panes, late} = run(batches, ALL_KNOWN);
        const expected = oracle(list);
        expect(panes).toEqual(expected.panes);
        expect(late).toEqual(expected.late);
      }),
    );
  });

  it('hold every event that no partition has out of order by more than the bound, in any order of partitions', () => {
    const bounded = events.map(list =>
      list.map(event => ({...event, at: Math.max(event.at, event.publishedAt - DISORDER_MS)})),
    );
    fc.assert(
      fc.property(bounded, fc.infiniteStream(fc.nat()), cuts, (list, draws, places) => {
        const shuffled = interleave(list, draws);
        const {panes, late} = run(batchesOf(shuffled, places), ALL_KNOWN);
        const expected = new Map<number, number>();
        for (const {at} of list) {
          const pane = Math.floor(at / PANE_MS) * PANE_MS;
          expected.set(pane, (expected.get(pane) ?? 0) + 1);
        }
        expect(late).toEqual([]);
        expect(panes).toEqual(expected);
      }),
    );
  });

  it('count each event once or have it among the late ones, in any order whatever', () => {
    fc.assert(
      fc.property(
        events.chain(list => fc.shuffledSubarray(list, {minLength: list.length})),
        list => {
          const {panes, late} = run([list, list], ALL_KNOWN);
          expect([...panes.values()].reduce((sum, count) => sum + count, 0) + late.length).toBe(list.length);
        },
      ),
    );
  });

  it('are the same in a replay, however it is divided into pages, and whatever was idle', () => {
    fc.assert(
      fc.property(events, cuts, cuts, (list, places, others) => {
        const replay = (pages: readonly (readonly Event[])[]) => {
          let state: unknown = ALL_KNOWN;
          const found = pages.map(page => {
            const counted = countEvents(WINDOWS, restart(state as EventClock), page, {partitions: PARTITIONS});
            state = counted.state;
            return {panes: [...counted.panes], late: counted.late.map(({event}) => event.id)};
          });
          return {late: found.flatMap(({late}) => late), sum: sumOf(found.flatMap(({panes}) => panes)), state};
        };
        expect(replay(batchesOf(list, places))).toEqual(replay(batchesOf(list, others)));
      }),
    );
  });

  it('never change once they are final, also when a partition comes back that was idle', () => {
    fc.assert(
      fc.property(events, cuts, fc.array(fc.subarray(PARTITIONS), {maxLength: 8}), (list, places, idle) => {
        let clock = ALL_KNOWN;
        const finals = new Map<number, number>();
        const panes = new Map<number, number>();
        batchesOf(list, places).forEach((batch, n) => {
          const counted = countEvents(WINDOWS, clock, batch);
          for (const [pane, count] of counted.panes) panes.set(pane, (panes.get(pane) ?? 0) + count);
          for (const [pane, count] of finals) expect(panes.get(pane)).toBe(count);
          const now = (batch.at(-1)?.publishedAt ?? BASE) + IDLE_AFTER_MS;
          clock = rest(counted.state as EventClock, new Set(idle[n] ?? []), now, TERMS);
          for (const [pane, count] of panes)
            if (windowState(clock.clock, pane + PANE_MS, TERMS) === 'final') finals.set(pane, count);
        });
      }),
    );
  });
});

function sumOf(panes: readonly (readonly [number, number])[]): ReadonlyMap<number, number> {
  const sum = new Map<number, number>();
  for (const [pane, count] of panes) sum.set(pane, (sum.get(pane) ?? 0) + count);
  return sum;
}

/** One order of many in which consumers may get the events: that of each partition is kept. */
function interleave(list: readonly Event[], draws: Iterable<number>): readonly Event[] {
  const queues = PARTITIONS.map(partition => list.filter(event => event.partition === partition));
  const order: Event[] = [];
  for (const draw of draws) {
    const left = queues.filter(queue => queue.length > 0);
    const next = left[draw % Math.max(1, left.length)]?.shift();
    if (next === undefined) return order;
    order.push(next);
  }
  return order;
}

describe('the clock of events', () => {
  type Seen = Pick<TimedEvent, 'partition' | 'at' | 'publishedAt'>;
  const at = (partition: number, second: number): Seen => ({
    partition,
    at: BASE + second * 1_000,
    publishedAt: BASE + second * 1_000,
  });
  const seeing = (clock: EventClock, ...seen: readonly Seen[]): EventClock =>
    seen.reduce((before, one) => observe(before, one, TERMS), clock);
  const resting = (clock: EventClock, drained: readonly number[], now: number): EventClock =>
    rest(clock, new Set(drained), now, TERMS);
  const seconds = (clock: EventClock): number | null => (clock.clock === null ? null : (clock.clock - BASE) / 1_000);

  it('is that of the partition that is furthest behind', () => {
    const all = seeing(ALL_KNOWN, at(0, 100), at(1, 50), at(2, 70));
    expect(seconds(all)).toBe(45);
  });

  it('stands while a partition may have something older to say, and goes on without one that is idle', () => {
    const two = seeing(ALL_KNOWN, at(0, 100), at(1, 50));
    expect(seconds(two)).toBe(null);
    const now = BASE + 50_000 + IDLE_AFTER_MS;
    expect(seconds(resting(two, [2], now))).toBe(45);
    expect(seconds(resting(two, [1, 2], now - 1))).toBe(45);
    expect(seconds(resting(two, [1, 2], now))).toBe(95);
    expect(seconds(resting(two, PARTITIONS, now + 60_000))).toBe(95);
  });

  it('goes back neither for an old event nor for a partition that comes back', () => {
    const idle = resting(seeing(ALL_KNOWN, at(0, 100), at(1, 50)), [1, 2], BASE + 90_000);
    expect(seconds(seeing(idle, at(1, 51), at(0, 20)))).toBe(95);
  });

  it('is not moved past the time of publication by an event from the future', () => {
    const ahead = {partition: 0, at: BASE + 60_000, publishedAt: BASE};
    expect(seconds(seeing(newClock([0]), ahead))).toBe(-5);
  });
});
