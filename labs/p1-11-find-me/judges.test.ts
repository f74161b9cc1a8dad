import {describe, expect, it} from 'vitest';
import type {LedgerEntry} from '../../src/load/load.ts';
import type {Evidence} from './evidence.ts';
import {judgeDeath, judgeEjection, judgeLateOne} from './judges.ts';
import {LATE_NODE} from './script.ts';

const FROM = 1_000_000;

function entry(atMs: number, to: string, outcome: LedgerEntry['outcome'] = 'ok'): LedgerEntry {
  return {
    id: `read-${atMs}`,
    name: 'read',
    phase: 'attack',
    intendedAt: FROM + atMs,
    outcome,
    status: outcome === 'ok' ? 200 : null,
    latencyMs: 1,
    uncorrectedMs: 1,
    sends: [{at: FROM + atMs, durationMs: 1, to, status: outcome === 'ok' ? 200 : null}],
    operation: {request: {method: 'GET', path: '/'}, patienceMs: 3_000, facts: {trace: `trace-${atMs}`}},
  };
}

/** What a look sees so long after the load began, ms. */
function lookAt(atMs: number, seen: Partial<Evidence>): Evidence {
  return {
    setup: {dead: 'identity-1', retired: 'identity-2', token: ''},
    attack: [],
    requests: [],
    faults: [],
    events: [{node: LATE_NODE, type: 'ready', at: FROM + 900}],
    times: {attackFrom: FROM, attackTo: FROM + atMs},
    control: {busy: false},
    ...seen,
  } as unknown as Evidence;
}

function asked(atMs: number, to: string): Evidence['requests'][number] {
  return {link: 'gateway->identity', to, at: FROM + atMs, path: '/v1/accounts/me'} as Evidence['requests'][number];
}

describe("p1-11's judges in the midst of the attack", () => {
  it('count what has yet to be sent as answered, and what nobody of identity answered as failed', () => {
    const times = Array.from({length: 300}, (_, index) => index * 20);
    const toCome = times.map(atMs => entry(atMs, ''));
    expect(judgeDeath(lookAt(1_000, {attack: toCome}))).toMatchObject({verdict: 'pass'});
    const madeUp = times.map(atMs => entry(atMs, atMs < 80 ? 'http://gateway' : ''));
    expect(judgeDeath(lookAt(1_000, {attack: madeUp}))).toMatchObject({code: 'DEAD_ONE_ASKED'});
  });

  it('allow the dead one a request for each second that is still to come', () => {
    expect(judgeEjection(lookAt(1_000, {}))).toMatchObject({verdict: 'pass'});
    const probes = (count: number) =>
      Array.from({length: count}, (_, index) => asked(4_600 + 10 * index, 'identity-1'));
    expect(judgeEjection(lookAt(6_000, {requests: probes(21)}))).toMatchObject({verdict: 'pass'});
    expect(judgeEjection(lookAt(6_000, {requests: probes(22)}))).toMatchObject({code: 'STILL_ASKED'});
  });

  it("do not tell the late one's share before the registry is emptied", () => {
    const requests = [asked(3_500, 'identity-2')];
    expect(judgeLateOne(lookAt(13_900, {requests}))).toMatchObject({verdict: 'inconclusive'});
    expect(judgeLateOne(lookAt(14_000, {requests}))).toMatchObject({code: 'NEW_ONE_UNUSED'});
  });
});
