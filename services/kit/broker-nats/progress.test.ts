import {describe, expect, it} from 'vitest';
import {BEGINNING, claim, type Progress, release, seekTo, settle} from './progress.ts';

const terms = {owner: 'm/1', member: 'm', ackWaitMs: 1_000, deliveriesMax: 3, batchMax: 10, now: 7};

/** The record after a claim on these messages, as their member has it. */
function claimed(before: Progress, positions: readonly number[]): Progress {
  return claim(before, positions, terms).progress;
}

describe('where a group stands', () => {
  it('hands out a batch of what is new, and one by one what was handed out before', () => {
    const first = claim(BEGINNING, [3, 5, 9], terms);
    expect(first).toMatchObject({
      batch: [3, 5, 9],
      progress: {deliveries: 1, deliveredTo: 9, owner: 'm/1', holdMs: 1_000},
    });
    const again = claim(release(first.progress), [3, 5, 9], terms);
    expect(again).toMatchObject({batch: [3], progress: {deliveries: 2, reason: 'm ended before it settled it'}});
    const rest = settle(again.progress, {doneTo: 3, dead: [], nak: null}, terms);
    expect(rest).toMatchObject({position: 3, deliveries: 1, owner: null});
    expect(claim(rest, [5, 9], terms)).toMatchObject({batch: [5], progress: {deliveries: 2}});
  });

  it('keeps a refused message in front and waits for it', () => {
    const refused = settle(
      claimed(BEGINNING, [3, 5]),
      {doneTo: 3, dead: [], nak: {position: 5, delayMs: 40, reason: 'not now'}},
      terms,
    );
    expect(refused).toMatchObject({position: 3, deliveries: 1, holdMs: 40, reason: 'not now', owner: null, dead: []});
  });

  it('writes down with the position what it gives up on', () => {
    const last = {...claimed(BEGINNING, [3, 5]), deliveries: 3};
    const nak = {position: 3, delayMs: 0, reason: 'cannot parse it'};
    expect(settle(last, {doneTo: null, dead: [], nak}, terms)).toMatchObject({
      position: 3,
      deliveries: 1,
      holdMs: 0,
      dead: [{position: 3, reason: 'cannot parse it', at: 7}],
    });
    expect(claim({...last, owner: 'm/0'}, [3, 5], terms)).toMatchObject({
      batch: [5],
      progress: {position: 3, deliveries: 2, dead: [{position: 3, reason: 'm did not settle it in time'}]},
    });
  });

  it('holds nothing when nothing is left to hand out', () => {
    const last = {...claimed(BEGINNING, [3]), deliveries: 3};
    expect(claim(last, [3], terms)).toMatchObject({batch: [], progress: {position: 3, owner: null, deliveries: 0}});
  });

  it('forgets everything but its dead when it is set back', () => {
    const dead = [{position: 3, reason: 'bad', at: 1}];
    expect(seekTo({...claimed(BEGINNING, [3, 5]), dead}, 4)).toEqual({...BEGINNING, position: 4, deliveredTo: 4, dead});
  });
});
