import {describe, expect, it} from 'vitest';
import {joinEffects, judgeCalm, judgeDisturbed} from './disturbance-effect.ts';

const share = (value: number) => ({kind: 'throttle', share: value, heldBackMs: 0}) as const;
const memory = (limitBytes: number, usedBytes: number, refused?: number) =>
  ({kind: 'memory', limitBytes, usedBytes, refused}) as const;
const throttle = {kind: 'throttle', cpu: 0.1} as const;
const limit = {kind: 'memory', limitBytes: 96e6} as const;

describe('the effect of a disturbance', () => {
  it.each([
    [share(0.98), share(0.11), 'bites', 'a busy loop got 0.98 -> 0.11 of a core'],
    [share(0.98), share(0.97), 'none', 'a busy loop got 0.98 -> 0.97 of a core'],
    // A busy machine gives it no more anyway.
    [share(0.09), share(0.1), 'none', 'a busy loop got 0.09 -> 0.10 of a core'],
    [undefined, share(0.1), 'bites', 'a busy loop got 0.10 of a core'],
    [undefined, undefined, 'pending', 'not to be measured in it; it shows in traffic'],
  ] as const)(
    'of a throttle is judged by the share that a busy loop gets: %o, %o is %s',
    (before, after, verdict, observed) => {
      expect(judgeDisturbed(throttle, before, after)).toEqual({verdict, observed});
    },
  );

  it.each([
    [
      memory(512e6, 60e6, 0),
      memory(96e6, 60e6, 0),
      'pending',
      'limit 512 MB -> 96 MB, 60 MB in use; it shows when the node wants more',
    ],
    [
      memory(512e6, 60e6, 0),
      memory(96e6, 60e6, 7),
      'bites',
      'limit 512 MB -> 96 MB, 60 MB in use, kept from more 7 times',
    ],
    [memory(512e6, 95e6), memory(96e6, 95e6), 'bites', 'limit 512 MB -> 96 MB, 95 MB in use'],
    [memory(90e6, 60e6, 0), memory(96e6, 60e6, 0), 'none', 'limit 90 MB -> 96 MB, 60 MB in use'],
  ] as const)(
    'of a memory limit is judged by what the kernel counts: %o, %o is %s',
    (before, after, verdict, observed) => {
      expect(judgeDisturbed(limit, before, after)).toEqual({verdict, observed});
    },
  );

  it('on several nodes bites only when it bites on all of them', () => {
    const effect = (verdict: 'bites' | 'none' | 'pending') => ({verdict, observed: verdict});
    expect(
      joinEffects([
        ['a', effect('bites')],
        ['b', effect('bites')],
      ]).verdict,
    ).toBe('bites');
    expect(
      joinEffects([
        ['a', effect('bites')],
        ['b', effect('pending')],
      ]).verdict,
    ).toBe('pending');
    expect(
      joinEffects([
        ['a', effect('bites')],
        ['b', effect('none')],
      ]),
    ).toEqual({verdict: 'none', observed: 'a: bites; b: none'});
  });
});

describe('the effect of a throttle where no busy loop can be run', () => {
  const held = (heldBackMs: number) => ({kind: 'throttle', share: undefined, heldBackMs}) as const;

  it('is how long the kernel held the node back, once it does', () => {
    expect(judgeDisturbed(throttle, held(100), held(100)).verdict).toBe('pending');
    expect(judgeDisturbed(throttle, held(100), held(350.4))).toEqual({
      verdict: 'bites',
      observed: 'held back for 250 ms',
    });
    expect(judgeCalm(throttle, held(0), held(350)).verdict).toBe('none');
  });
});

describe('after a disturbance', () => {
  it.each([
    [throttle, share(0.98), share(0.95), 'none'],
    [throttle, share(0.98), share(0.11), 'bites'],
    [throttle, undefined, share(0.6), 'none'],
    [limit, memory(512e6, 60e6), memory(512e6, 60e6), 'none'],
    [limit, memory(512e6, 60e6), memory(96e6, 60e6), 'bites'],
    [{kind: 'skew', offsetMs: 5000, drift: 0}, undefined, {kind: 'skew', offsetMs: 3, withinMs: 4}, 'none'],
    [{kind: 'skew', offsetMs: 5000, drift: 0}, undefined, {kind: 'skew', offsetMs: 4998, withinMs: 4}, 'bites'],
    [
      {kind: 'packet-loss', loss: 0.1, direction: 'both'},
      undefined,
      {kind: 'packet-loss', inForce: true, seen: 0, dropped: 0},
      'bites',
    ],
  ] as const)('%o a node that was %o and is %o now is left with: %s', (disturbance, before, after, verdict) => {
    expect(judgeCalm(disturbance, before, after).verdict).toBe(verdict);
  });
});
