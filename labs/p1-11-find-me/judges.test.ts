import {describe, expect, it} from 'vitest';
import type {LedgerEntry} from '../../src/load/load.ts';
import {createRandom} from '../../src/random.ts';
import type {Evidence} from './evidence.ts';
import {
  judgeDeath,
  judgeEjection,
  judgeLateOne,
  judgeLists,
  judgeRetired,
  judgeSilence,
  judgeWrites,
} from './judges.ts';
import {CHANGES_AT_MS, DEATH_AT_MS, END_MS, LATE_NODE, SILENCE_AT_MS, SILENCE_FOR_MS} from './script.ts';
import {traffic} from './traffic.ts';

const FROM = 1_000_000;
const JUDGES = [judgeDeath, judgeEjection, judgeLateOne, judgeSilence, judgeLists, judgeRetired, judgeWrites];
type Request = Evidence['requests'][number];

function asked(atMs: number, to: string, more: Partial<Request> = {}): Request {
  const request = {link: 'gateway->identity', to, at: FROM + atMs, method: 'GET', path: '/v1/accounts/me', status: 200};
  return {...request, ...more} as Request;
}

/** The lab's own traffic, each request answered by the gateway after 1 ms. */
const ATTACK = traffic({random: createRandom(1, 'load')} as Parameters<typeof traffic>[0], '', 'attack', END_MS).map(
  ({id, name, atMs, request, patienceMs, facts}): LedgerEntry => ({
    ...{id, name, phase: 'attack', intendedAt: FROM + atMs, outcome: 'ok', status: 200, latencyMs: 1, uncorrectedMs: 1},
    sends: [{at: FROM + atMs, durationMs: 1, to: 'http://gateway', status: 200}],
    operation: {request, patienceMs, ...(facts === undefined ? {} : {facts})},
  }),
);

function atOf({intendedAt}: LedgerEntry): number {
  return intendedAt - FROM;
}

/** Whom a sound gateway asks at that time: the second one until it is retired, the third, and the late one once it is there. */
function goodAt(atMs: number): readonly string[] {
  if (atMs < 1_500) return ['identity-2', 'identity-3'];
  return atMs < CHANGES_AT_MS + 500 ? ['identity-2', 'identity-3', LATE_NODE] : ['identity-3', LATE_NODE];
}

const REQUESTS = ATTACK.map((entry, index): Request => {
  const good = goodAt(atOf(entry));
  const {method, headers} = entry.operation.request;
  return asked(atOf(entry), good[index % good.length] ?? '', {method, traceparent: headers?.traceparent ?? ''});
});

/** A run in which everything was answered, but for the first write, whose answer got lost. */
function run(change: Partial<Evidence> = {}): Evidence {
  const lost = ATTACK.find(entry => entry.name === 'write' && atOf(entry) > 1_000);
  const attack = ATTACK.map(entry => (entry === lost ? {...entry, outcome: 'info' as const, status: null} : entry));
  const requests = REQUESTS.map(request =>
    request.traceparent === lost?.operation.request.headers?.traceparent
      ? {...request, status: null, lost: 'drop_reply' as const}
      : request,
  );
  return {
    setup: {dead: 'identity-1', retired: 'identity-2', token: ''},
    attack,
    requests,
    faults: [
      {target: 'gateway->identity-1', appliedAt: FROM + DEATH_AT_MS, endedAt: FROM + END_MS},
      {target: 'gateway->broker', appliedAt: FROM + SILENCE_AT_MS, endedAt: FROM + SILENCE_AT_MS + SILENCE_FOR_MS},
    ],
    events: [{node: LATE_NODE, type: 'ready', at: FROM + 900}],
    times: {attackFrom: FROM, attackTo: FROM + END_MS},
    control: {busy: false},
    final: {rows: Object.fromEntries(ATTACK.map(({operation}) => [operation.facts?.account, 1]))},
    ...change,
  } as unknown as Evidence;
}

/** The first so many reads from then on fail. */
function failing(count: number, fromMs: number, more: Partial<Evidence> = {}): Evidence {
  const {attack, ...rest} = run();
  const some = attack.filter(entry => entry.name === 'read' && atOf(entry) >= fromMs).slice(0, count);
  const failed = {outcome: 'info', status: 503} as const;
  return {...rest, attack: attack.map(entry => (some.includes(entry) ? {...entry, ...failed} : entry)), ...more};
}

function withRequests(...more: readonly Request[]): Evidence {
  return run({requests: [...run().requests, ...more]});
}

describe("p1-11's judges", () => {
  it('pass a gateway that finds everybody, and none that asks nobody', () => {
    expect(JUDGES.map(judge => judge(run()).verdict)).toEqual(JUDGES.map(() => 'pass'));
    const silence = run({attack: [], requests: []});
    expect(JUDGES.map(judge => judge(silence).code)).toEqual(JUDGES.map(() => 'NOTHING_TO_JUDGE'));
  });

  it('allow two failures in each of the times, and say which time it was', () => {
    // 1 % of what is sent until the registry falls silent are three.
    expect(judgeDeath(failing(3, DEATH_AT_MS)).verdict).toBe('pass');
    expect(judgeDeath(failing(4, DEATH_AT_MS)).code).toBe('DEAD_ONE_ASKED');
    for (const [judge, atMs, code] of [
      [judgeSilence, SILENCE_AT_MS, 'OUTAGE_FELT'],
      [judgeLists, 14_000, 'EMPTY_TAKEN'],
      [judgeLists, CHANGES_AT_MS, 'STALE_TAKEN'],
    ] as const)
      expect([judge(failing(2, atMs)).verdict, judge(failing(3, atMs)).code]).toEqual(['pass', code]);
    // Between the two times of wrong lists nothing is judged.
    expect(judgeLists(failing(3, 17_600)).verdict).toBe('pass');
  });

  it('leave a failure on a busy machine open, unless the dead one alone was asked', () => {
    const control = {...run().control, busy: true};
    const busy = failing(9, DEATH_AT_MS, {control});
    expect(judgeDeath(busy).code).toBe('BUSY_MACHINE');
    const failed = new Set(
      busy.attack.filter(({status}) => status === 503).map(({operation}) => operation.request.headers?.traceparent),
    );
    const toDead = busy.requests.map(one => (failed.has(one.traceparent) ? {...one, to: 'identity-1'} : one));
    expect(judgeDeath({...busy, requests: toDead}).code).toBe('DEAD_ONE_ASKED');
  });

  it('count what has yet to be sent as answered, and what nobody of identity answered as failed', () => {
    const toCome = ATTACK.map(entry => ({...entry, sends: entry.sends.map(send => ({...send, to: ''}))}));
    expect(judgeDeath(run({attack: toCome, requests: []})).verdict).toBe('pass');
    expect(judgeDeath(run({requests: []})).code).toBe('DEAD_ONE_ASKED');
  });

  it('allow the dead one a request a second, from two seconds after its death on', () => {
    const probes = (count: number, fromMs: number) =>
      Array.from({length: count}, (_, index) => asked(fromMs + 10 * index, 'identity-1'));
    expect(judgeEjection(withRequests(...probes(21, 4_500))).verdict).toBe('pass');
    expect(judgeEjection(withRequests(...probes(22, 4_500))).code).toBe('STILL_ASKED');
    expect(judgeEjection(withRequests(...probes(50, 3_900))).verdict).toBe('pass');
    const keys = probes(50, 5_000).map(request => ({...request, path: '/.well-known/jwks.json'}));
    expect(judgeEjection(withRequests(...keys)).verdict).toBe('pass');
  });

  it('want a fifth for the late one, once all of its time is over', () => {
    const rarely = (share: number): readonly Request[] =>
      Array.from({length: 100}, (_, n) => asked(3_500 + 100 * n, n < share ? LATE_NODE : 'identity-3'));
    const all = (share: number, attackTo = FROM + END_MS) =>
      run({requests: rarely(share), times: {...run().times, attackTo}});
    expect(judgeLateOne(all(20)).verdict).toBe('pass');
    expect(judgeLateOne(all(19)).code).toBe('NEW_ONE_UNUSED');
    expect(judgeLateOne(all(19, FROM + 13_900)).verdict).toBe('inconclusive');
    expect(judgeLateOne(run({events: []})).verdict).toBe('inconclusive');
  });

  it('want the retired one left alone from 2.5 s on, by somebody who had asked it before', () => {
    const {requests} = run();
    expect(judgeRetired(withRequests(asked(CHANGES_AT_MS + 2_400, 'identity-2'))).verdict).toBe('pass');
    expect(judgeRetired(withRequests(asked(CHANGES_AT_MS + 2_500, 'identity-2'))).code).toBe('STILL_USED');
    const never = run({requests: requests.filter(({to}) => to !== 'identity-2')});
    expect(judgeRetired(never).verdict).toBe('inconclusive');
  });

  it('find accounts that were opened twice, where answers got lost', () => {
    const {final, requests} = run();
    const [account = ''] = Object.keys(final.rows).filter(name => name !== 'undefined');
    expect(judgeWrites(run({final: {rows: {...final.rows, [account]: 2}}})).code).toBe('DUPLICATE_WRITES');
    const noneLost = requests.map(({lost: _, ...request}) => request);
    expect(judgeWrites(run({requests: noneLost})).verdict).toBe('inconclusive');
  });
});
