import {describe, expect, it} from 'vitest';
import type {Evidence} from '../../src/labs/lab.ts';
import {judgeData} from './data-judge.ts';
import type {Final, Setup} from './lab.ts';
import {STABLE} from './traffic.ts';

type Seen = Evidence<Setup, Final>;

const ITEM = {id: 'a', name: 'b', quantity: 1};
const busy = (seen: Seen): Seen => ({...seen, control: {...seen.control, busy: true}});

describe("p1-14's judge of data", () => {
  const seen = (final: Partial<Final>, count = STABLE): Seen =>
    ({
      setup: {stable: Array.from({length: count}, () => ITEM)},
      final: {notFound: [], notInDatabase: [], ...final},
      control: {busy: false},
    }) as unknown as Seen;

  it('passes what every replica finds and the database has', () => {
    expect(judgeData(seen({}))).toMatchObject({verdict: 'pass'});
    expect(judgeData(seen({}, STABLE / 2))).toMatchObject({verdict: 'pass'});
  });

  it('fails with one look-up that finds nothing, and with one item outside of the database', () => {
    expect(judgeData(seen({notFound: [{id: 'a', status: 404}]}))).toMatchObject({code: 'NOT_FOUND_AGAIN'});
    expect(judgeData(seen({}, STABLE / 2 - 1))).toMatchObject({code: 'NOT_FOUND_AGAIN'});
    expect(judgeData(seen({}, 0))).toMatchObject({code: 'NOT_FOUND_AGAIN'});
    expect(judgeData(seen({notInDatabase: ['a']}))).toMatchObject({code: 'NOT_IN_ITS_DATABASE'});
  });

  it('leaves a look-up open that a busy machine did not answer in time', () => {
    const late = seen({notFound: [{id: 'a', status: null}]});
    expect(judgeData(late)).toMatchObject({code: 'NOT_FOUND_AGAIN'});
    expect(judgeData(busy(late))).toMatchObject({code: 'NOTHING_TO_JUDGE'});
  });
});
