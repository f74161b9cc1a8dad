import {describe, expect, it} from 'vitest';
import type {LedgerEntry} from '../../src/load/load.ts';
import {afterwards, type Evidence} from './evidence.ts';
import {judgeFlooder} from './judges.ts';

const FROM = 1_000_000;

/** What a look sees so long after the load began, with so many accepted requests of the flooder, 50 ms apart. */
function lookAt(atMs: number, accepted: number): Evidence {
  const attack = Array.from({length: accepted}, (_, index) => {
    const at = FROM + 50 * index;
    return {
      name: 'flood',
      outcome: 'ok',
      intendedAt: at,
      sends: [{at, durationMs: 1}],
      operation: {},
    } as unknown as LedgerEntry;
  });
  return {
    attack,
    faults: [],
    times: {attackFrom: FROM, attackTo: FROM + atMs},
    control: {busy: false},
  } as unknown as Evidence;
}

describe("p1-12's judge of the flooder in the midst of the attack", () => {
  it('holds what was accepted so far to the limit of the whole time before the outage', () => {
    expect(judgeFlooder(lookAt(4_000, 97))).toMatchObject({verdict: 'pass'});
    expect(judgeFlooder(lookAt(6_000, 99))).toMatchObject({code: 'TOO_MUCH_ACCEPTED'});
  });

  it('calls nobody starved of a time that is not over', () => {
    expect(judgeFlooder(lookAt(1_000, 0))).toMatchObject({verdict: 'pass'});
    expect(judgeFlooder(lookAt(14_000, 60))).toMatchObject({verdict: 'pass'});
    expect(judgeFlooder(lookAt(7_000, 0))).toMatchObject({code: 'FLOODER_STARVED'});
    expect(judgeFlooder(lookAt(17_000, 60))).toMatchObject({code: 'FLOODER_STARVED'});
  });

  it('knows where the time after the outage will end', () => {
    const {from, to} = afterwards(lookAt(3_000, 0));
    expect([from - FROM, to - FROM]).toEqual([13_500, 16_900]);
  });
});
