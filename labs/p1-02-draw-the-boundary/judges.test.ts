import {describe, expect, it} from 'vitest';
import {codesOf, refusals} from '../../src/labs/testing.ts';
import type {LedgerEntry} from '../../src/load/load.ts';
import {judgeCalls, outage, type Seen} from './judges.ts';
import lab from './lab.ts';

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

const OUTAGE = {from: FROM + 14_000, to: FROM + 21_000};
const CLOSED_AT = FROM + 1_500;
const STOLEN_AT = FROM + 6_200;
/** A token counts for so long after its end, ms. */
const COUNTS_MS = 7_000;
const STEADY = 'steady';

interface Asked {
  readonly name: string;
  readonly at: number;
  readonly token: string;
}

interface Change {
  /** What a request is answered, where it is not what it should be: null for no answer. */
  readonly answer?: (asked: Asked) => number | null | undefined;
  /** Calls to identity. */
  readonly calls?: number;
}

/** A whole run of a gateway that does as it should, but for what is changed. Whatever it answers with 200 has gone on to stream. */
function seen({answer = () => undefined, calls = 4}: Change = {}): Seen {
  let count = 0;
  const asked = (name: string, at: number, token: string, normally = 200): LedgerEntry => {
    const changed = answer({name, at, token});
    const status = changed === undefined ? normally : changed;
    const trace = String(++count);
    const request = {method: 'GET', path: '/', headers: {traceparent: `00-${trace}-1-01`}} as const;
    return {
      id: `${name}-${count}`,
      name,
      phase: '',
      intendedAt: at,
      outcome: status === null ? 'info' : status < 300 ? 'ok' : 'fail',
      status,
      latencyMs: 0,
      uncorrectedMs: 0,
      sends: [{at, durationMs: 0, to: '', status}],
      operation: {request, patienceMs: 2_000, facts: {token, kind: 'own-key'}},
    };
  };
  const every = (ms: number, one: (at: number, index: number) => LedgerEntry, from = FROM, to = FROM + 24_000) =>
    Array.from({length: (to - from) / ms}, (_, index) => one(from + index * ms, index));
  // Half of the tokens of any moment have been shown before it.
  const read = (at: number, index: number) => asked('read', at, index % 2 === 0 ? STEADY : `token ${index}`);
  const baseline = every(20, read, FROM - 3_000, FROM);
  const attack = [
    ...every(10, read),
    ...every(250, at => asked('forged', at, 'forged', 401)),
    asked('close', CLOSED_AT, 'closing', 204),
    asked('steal', STOLEN_AT, '', 401),
    // The last of them exactly when the time is up in which they may still count.
    ...every(100, at => asked('leaver', at, 'closing', at <= CLOSED_AT + COUNTS_MS ? 200 : 401)),
    ...every(100, at => asked('robbed', at, 'stolen', at <= STOLEN_AT + COUNTS_MS ? 200 : 401)),
  ];
  const passed = attack.filter(({status}) => status === 200);
  const requests = [
    ...attack.map(() => ({link: 'client->gateway', at: FROM, method: 'GET', path: '/'})),
    ...Array.from({length: calls}, () => ({link: 'gateway->identity', at: FROM, method: 'GET', path: '/keys'})),
    ...passed.map(({intendedAt, operation}) => ({
      link: 'gateway->stream',
      at: intendedAt,
      method: 'GET',
      path: '/',
      traceparent: operation.request.headers?.traceparent,
    })),
  ];
  return {
    baseline,
    attack,
    requests,
    faults: [{kind: 'crash', appliedAt: OUTAGE.from, endedAt: OUTAGE.to}],
    events: [],
    times: {attackFrom: FROM, attackTo: FROM + 24_000},
    control: {busy: false},
  } as unknown as Seen;
}

const isAway = (at: number): boolean => at >= OUTAGE.from && at < OUTAGE.to;
const isRead = ({name, at}: Asked): boolean => name === 'read' && isAway(at);
/** Answers the first requests that are meant with 401. */
const refuse = (count: number, isMeant: (asked: Asked) => boolean): Change => {
  let left = count;
  return {answer: asked => (isMeant(asked) && left-- > 0 ? 401 : undefined)};
};
const stillGood = (endedAt: number, who: string): Change => ({
  answer: ({name, at}) => (name === who && at === endedAt + COUNTS_MS + 100 ? 200 : undefined),
});

const REFUSED_WITH: Readonly<Record<string, Seen>> = {
  'outage-survived/BOUND_TO_IDENTITY': seen(refuse(700, isRead)),
  'outage-survived/FRESH_TOKENS_REFUSED': seen(refuse(350, asked => isRead(asked) && asked.token !== STEADY)),
  'identity-left-alone/ASKS_EACH_TIME': seen({calls: 2_000}),
  'identity-left-alone/ASKS_PER_TOKEN': seen({calls: 800}),
  'identity-left-alone/ASKS_OFTEN': seen({calls: 24}),
  'forged-refused/FORGERY_ACCEPTED': seen({
    answer: ({name, at}) => (name === 'forged' && at === FROM ? 200 : undefined),
  }),
  'ended-refused/ENDED_STILL_GOOD': seen(stillGood(STOLEN_AT, 'robbed')),
  'ended-refused/GOOD_TOKEN_REFUSED': seen(refuse(1, ({name}) => name === 'close')),
  'good-served/GOOD_TOKEN_REFUSED': seen(refuse(40, ({name, at}) => name === 'read' && at < FROM)),
};

describe("p1-02's judges", () => {
  it('pass a gateway that needs identity for nothing but keys and what has ended', () => {
    expect(refusals(lab, seen())).toEqual([]);
  });

  it('have a code for each mistake, and no other', () => {
    expect(Object.keys(REFUSED_WITH)).toEqual(codesOf(lab));
    for (const [code, run] of Object.entries(REFUSED_WITH)) expect(refusals(lab, run)).toEqual([code]);
  });

  it('let one of a hundred good tokens be refused, with identity and without it', () => {
    expect(refusals(lab, seen(refuse(7, isRead)))).toEqual([]);
    expect(refusals(lab, seen(refuse(8, isRead)))).toEqual(['outage-survived/BOUND_TO_IDENTITY']);
    // 150 before the load, 1,390 until shortly before the outage, and 149 from shortly after it.
    const calmly = ({name, at}: Asked): boolean => name === 'read' && at < OUTAGE.from - 100;
    expect(refusals(lab, seen(refuse(16, calmly)))).toEqual([]);
    expect(refusals(lab, seen(refuse(17, calmly)))).toEqual(['good-served/GOOD_TOKEN_REFUSED']);
  });

  it('fail one token that is let through too late, whichever session it is of', () => {
    for (const change of [stillGood(CLOSED_AT, 'leaver'), stillGood(STOLEN_AT, 'robbed')])
      expect(refusals(lab, seen(change))).toEqual(['ended-refused/ENDED_STILL_GOOD']);
  });

  it('blame nobody for a session that could not be ended for another reason', () => {
    const open = ['ended-refused/NOT_ENDED (open)'];
    for (const [who, status] of [
      ['close', 503],
      ['close', null],
      ['steal', 200],
      ['steal', null],
    ] as const)
      expect(refusals(lab, seen({answer: ({name}) => (name === who ? status : undefined)}))).toEqual(open);
    expect(refusals(lab, seen({answer: ({name}) => (name === 'close' ? 403 : undefined)}))).toEqual([
      'ended-refused/GOOD_TOKEN_REFUSED',
    ]);
  });

  it('leave open what was not asked, or not answered', () => {
    const unanswered = (who: string): Change => ({answer: ({name}) => (name === who ? null : undefined)});
    expect(refusals(lab, seen(unanswered('forged')))).toEqual(['forged-refused/NOTHING_FORGED (open)']);
    expect(refusals(lab, seen(unanswered('robbed')))).toEqual(['ended-refused/NOT_SHOWN (open)']);
    expect(refusals(lab, {...seen(), baseline: [], attack: [], requests: []})).toEqual([
      'outage-survived/NOTHING_ASKED (open)',
      'identity-left-alone/NOTHING_ASKED (open)',
      'forged-refused/NOTHING_FORGED (open)',
      'ended-refused/NOT_ENDED (open)',
      'good-served/NOTHING_ASKED (open)',
    ]);
  });
});
