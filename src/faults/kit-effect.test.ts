import {describe, expect, it} from 'vitest';
import {judgeCalm, judgeDisturbed} from './disturbance-effect.ts';

const busy = {kind: 'busy', share: 0.9, periodMs: 1_000, endsAt: null} as const;
const leak = {kind: 'leak', bytesPerSecond: 1e6, limitBytes: 100e6, endsAt: null} as const;
const redeliver = {kind: 'redeliver', share: 0.2, seed: 1, endsAt: null} as const;
const reorder = {kind: 'reorder', window: 8, seed: 1, endsAt: null} as const;
const loop = (slowestMs: number, answered = 12) => ({kind: 'busy', asked: 12, answered, slowestMs}) as const;
const memory = (usedBytes: number, heldBytes = 0) => ({kind: 'leak', usedBytes, heldBytes}) as const;
const moved = (affected: number, note?: string) =>
  ({kind: 'reorder', inForce: true, deliveries: 40, affected, ...(note === undefined ? {} : {note})}) as const;

describe('what the kit does to a service', () => {
  it.each([
    [busy, loop(4), loop(870), 'bites', 'slowest answer 4 -> 870 ms (12 probes of /livez)'],
    [busy, loop(4), loop(2000, 0), 'bites', 'no answer within 2000 ms (12 probes of /livez)'],
    [busy, loop(4), loop(2000, 9), 'bites', '3 without an answer'],
    [busy, loop(4), loop(60), 'none', 'slowest answer 4 -> 60 ms'],
    // It was as slow before.
    [busy, loop(900), loop(950), 'none', '900 -> 950'],
    [{...busy, share: 1}, loop(4), loop(700), 'none', '4 -> 700'],
    [leak, memory(70e6), memory(130e6, 58e6), 'bites', '70 MB -> 130 MB in use, 58 MB of it leaked'],
    [leak, memory(70e6), memory(75e6, 4e6), 'pending', 'as it grows'],
    [{...leak, limitBytes: 8e6}, memory(70e6), memory(75e6, 4e6), 'bites', '75 MB'],
    [reorder, undefined, moved(7), 'bites', '7 of 40 deliveries moved'],
    [reorder, undefined, moved(0), 'pending', '0 of 40 deliveries moved'],
    [reorder, undefined, moved(0, 'it consumes no stream'), 'none', 'it consumes no stream'],
    [redeliver, undefined, {...moved(3), kind: 'redeliver'}, 'bites', '3 of 40 deliveries doubled'],
  ] as const)('of %j, which was %j and is %j, %s', (disturbance, before, after, verdict, text) => {
    const effect = judgeDisturbed(disturbance, before, after);
    expect(effect).toEqual({verdict, observed: expect.stringContaining(text)});
  });

  it.each([
    [busy, loop(4), loop(20), 'none'],
    [busy, loop(4), loop(800), 'bites'],
    [busy, loop(4), loop(2000, 0), 'bites'],
    [busy, loop(100), loop(250), 'none'],
    [leak, memory(70e6), memory(80e6), 'none'],
    [leak, memory(70e6), memory(80e6, 5e6), 'bites'],
    [leak, memory(70e6), memory(160e6), 'bites'],
    [reorder, undefined, {...moved(7), inForce: false}, 'none'],
    [reorder, undefined, moved(7), 'bites'],
  ] as const)('after %j a node that was %j and is %j is left with: %s', (disturbance, before, after, verdict) => {
    expect(judgeCalm(disturbance, before, after).verdict).toBe(verdict);
  });
});
