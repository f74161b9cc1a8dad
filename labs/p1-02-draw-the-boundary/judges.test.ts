import {describe, expect, it} from 'vitest';
import {judgeCalls, outage, type Seen} from './judges.ts';

const FROM = 1_000_000;
const TO_COME = Array.from({length: 2_400}, (_, index) => ({
  name: 'read',
  outcome: 'ok',
  intendedAt: FROM + 10 * index,
  operation: {facts: {token: `token ${Math.floor(index / 30)}`}},
}));

/** What a look sees after a second, when this many requests had come and the gateway had asked identity so often. */
function afterASecond(calls: number, came = 100): Seen {
  const to = (link: string, count: number) =>
    Array.from({length: count}, () => ({link, at: FROM, method: 'GET', path: '/'}));
  const requests = [...to('client->gateway', came), ...to('gateway->identity', calls)];
  return {attack: TO_COME, requests, faults: [], times: {attackFrom: FROM, attackTo: FROM + 1_000}} as unknown as Seen;
}

describe("p1-02's judges in the midst of the attack", () => {
  it('count calls to identity per request of the whole attack', () => {
    expect(judgeCalls(afterASecond(4))).toMatchObject({verdict: 'pass'});
    expect(judgeCalls(afterASecond(5))).toMatchObject({code: 'ASKS_OFTEN'});
  });

  it('tell from the requests that have come whether each of them asks', () => {
    expect(judgeCalls(afterASecond(60))).toMatchObject({code: 'ASKS_EACH_TIME'});
    expect(judgeCalls(afterASecond(60, 1_000))).toMatchObject({code: 'ASKS_PER_TOKEN'});
  });

  it('do not know the end of an outage that lasts', () => {
    const crash = {kind: 'crash', appliedAt: FROM + 14_010};
    const seen = (faults: readonly object[]): Seen => ({...afterASecond(0), faults}) as unknown as Seen;
    expect(outage(seen([]))).toEqual({from: FROM + 14_000, to: FROM + 21_000});
    expect(outage(seen([crash]))).toEqual({from: FROM + 14_010, to: Number.POSITIVE_INFINITY});
    expect(outage(seen([{...crash, endedAt: FROM + 21_400}]))).toEqual({from: FROM + 14_010, to: FROM + 21_400});
  });
});
