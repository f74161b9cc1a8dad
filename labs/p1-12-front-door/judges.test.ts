import {describe, expect, it} from 'vitest';
import type {LabTools} from '../../src/labs/lab.ts';
import type {LedgerEntry, Operation} from '../../src/load/load.ts';
import {createRandom} from '../../src/random.ts';
import {afterwards, type Evidence} from './evidence.ts';
import {judgeBursts, judgeExcess, judgeFlooder, judgeOthers, judgeStoreDown} from './judges.ts';
import {attack as attackOf, BURST, DOWN_AT_MS, DOWN_FOR_MS, LOAD_MS, RATE} from './traffic.ts';

const FROM = 1_000_000;

interface Answer {
  readonly status: number | null;
  readonly ms: number;
  readonly retryAfter?: string | undefined;
  readonly contentType?: string;
}

const SERVED: Answer = {status: 200, ms: 5};
const TOLD: Answer = {status: 429, ms: 3, retryAfter: '1', contentType: 'application/problem+json; charset=utf-8'};
const FAILED: Answer = {status: 500, ms: 3};
const SILENT: Answer = {status: null, ms: 3_000};

type Otherwise = (ask: Operation, answer: Answer) => Answer | undefined;

/** A run of this lab's traffic: who is within the limit is served, the flooder by a bucket; `otherwise` says what went another way. */
function seen(otherwise: Otherwise = () => undefined, change: object = {}): Evidence {
  let [tokens, at] = [BURST, 0];
  const attack = attackOf({random: createRandom(1, 'traffic')} as LabTools).map(ask => {
    let answer = SERVED;
    if (ask.name === 'flood') {
      [tokens, at] = [Math.min(BURST, tokens + ((ask.atMs - at) / 1_000) * RATE), ask.atMs];
      if (tokens >= 1) tokens -= 1;
      else answer = TOLD;
    }
    return entryOf(ask, otherwise(ask, answer) ?? answer);
  });
  return {
    attack,
    faults: [{kind: 'blackhole', appliedAt: FROM + DOWN_AT_MS, endedAt: FROM + DOWN_AT_MS + DOWN_FOR_MS}],
    times: {attackFrom: FROM, attackTo: FROM + LOAD_MS},
    control: {busy: false},
    ...change,
  } as unknown as Evidence;
}

function entryOf({id, name, atMs, facts, patienceMs}: Operation, {status, ms, ...told}: Answer): LedgerEntry {
  const outcome = status === 200 ? 'ok' : status === null || status >= 500 ? 'info' : 'fail';
  const sends = [{at: FROM + atMs, durationMs: ms, status, ...told}];
  const operation = {facts, patienceMs};
  return {
    id,
    name,
    status,
    outcome,
    sends,
    latencyMs: ms,
    intendedAt: FROM + atMs,
    operation,
  } as unknown as LedgerEntry;
}

const isDown = ({atMs}: Operation): boolean => atMs >= DOWN_AT_MS && atMs < DOWN_AT_MS + DOWN_FOR_MS;
const isOther = ({name}: Operation): boolean => name !== 'flood';

/** The first so many of those that are meant are answered so. */
function first(count: number, isMeant: (ask: Operation, answer: Answer) => boolean, to: Answer): Otherwise {
  let left = count;
  return (ask, answer) => (isMeant(ask, answer) && left-- > 0 ? to : undefined);
}

const ALL = Number.POSITIVE_INFINITY;
const JUDGES = {judgeOthers, judgeBursts, judgeFlooder, judgeExcess, judgeStoreDown};

describe("p1-12's judges", () => {
  it.each(Object.entries(JUDGES))('pass a limit that is held and told: %s', (_, judge) => {
    expect(judge(seen())).toMatchObject({verdict: 'pass'});
  });

  it.each<[keyof typeof JUDGES, string, string, Otherwise]>([
    ['judgeOthers', 'OTHERS_REFUSED', 'were refused', first(8, isOther, TOLD)],
    ['judgeOthers', 'OTHERS_FAILED', 'failed', first(8, isOther, FAILED)],
    ['judgeOthers', 'OTHERS_FAILED', 'waited in vain', first(8, isOther, SILENT)],
    ['judgeBursts', 'NO_BURST', 'were refused in their bursts', first(8, ({name}) => name === 'burst', TOLD)],
    ['judgeFlooder', 'TOO_MUCH_ACCEPTED', 'flooded and got it all', first(ALL, ({name}) => name === 'flood', SERVED)],
    ['judgeFlooder', 'FLOODER_STARVED', 'flooded and got nothing', first(ALL, ({name}) => name === 'flood', TOLD)],
    ['judgeExcess', 'NOT_429', 'were all let in', first(ALL, ({name}) => name === 'flood', SERVED)],
    ['judgeExcess', 'NOT_429', 'were told by a failure', first(ALL, isTooMuch, FAILED)],
    ['judgeExcess', 'NOT_429', 'waited to be refused', first(ALL, isTooMuch, {...TOLD, ms: 1_001})],
    ['judgeExcess', 'NOT_429', 'heard no time', first(ALL, isTooMuch, {...TOLD, retryAfter: undefined})],
    ['judgeExcess', 'NOT_429', 'got no problem', first(ALL, isTooMuch, {...TOLD, contentType: 'text/html'})],
    ['judgeExcess', 'BAD_RETRY_AFTER', 'are to wait for 4 s', first(ALL, isTooMuch, {...TOLD, retryAfter: '4'})],
    ['judgeExcess', 'BAD_RETRY_AFTER', 'are told a word', first(ALL, isTooMuch, {...TOLD, retryAfter: 'soon'})],
    ['judgeStoreDown', 'FAILS_CLOSED', 'were refused meanwhile', first(ALL, meanwhile, TOLD)],
    ['judgeStoreDown', 'WAITS_FOR_STORE', 'waited meanwhile', first(ALL, meanwhile, {...SERVED, ms: 1_001})],
    ['judgeStoreDown', 'WAITS_FOR_STORE', 'waited in vain meanwhile', first(ALL, meanwhile, SILENT)],
    ['judgeStoreDown', 'FAILS_OPEN', 'flooded meanwhile', first(ALL, ask => isDown(ask) && !isOther(ask), SERVED)],
  ])('%s says %s where clients %s', (judge, code, _, otherwise) => {
    expect(JUDGES[judge](seen(otherwise))).toMatchObject({code});
  });

  it('let five of a thousand others fail, and name what befell most of them', () => {
    const others = Number(/ of (\d+) /.exec(judgeOthers(seen()).observed)?.[1]);
    const most = Math.floor(0.005 * others);
    expect(judgeOthers(seen(first(most, isOther, FAILED)))).toMatchObject({verdict: 'pass'});
    expect(judgeOthers(seen(first(most + 1, isOther, FAILED)))).toMatchObject({code: 'OTHERS_FAILED'});
    const [refused, failed] = [first(4, isOther, TOLD), first(4, isOther, FAILED)];
    const half: Otherwise = (ask, answer) => refused(ask, answer) ?? failed(ask, answer);
    expect(judgeOthers(seen(half))).toMatchObject({code: 'OTHERS_FAILED'});
  });

  it('allow a refusal a second and a Retry-After of three, and one of a hundred more', () => {
    const bounds = {...TOLD, ms: 1_000, retryAfter: '3'};
    expect(judgeExcess(seen(first(ALL, isTooMuch, bounds)))).toMatchObject({verdict: 'pass'});
    const most = Math.floor(0.01 * Number(/ of (\d+) /.exec(judgeExcess(seen()).observed)?.[1]));
    for (const [code, bad] of [
      ['NOT_429', FAILED] as const,
      ['BAD_RETRY_AFTER', {...TOLD, retryAfter: '4'}] as const,
    ]) {
      expect(judgeExcess(seen(first(most, isTooMuch, bad)))).toMatchObject({verdict: 'pass'});
      expect(judgeExcess(seen(first(most + 1, isTooMuch, bad)))).toMatchObject({code});
    }
  });

  it.each(Object.entries(JUDGES))('say nothing of a run in which nobody asked: %s', (_, judge) => {
    expect(judge(seen(undefined, {attack: []}))).toMatchObject({verdict: 'inconclusive', code: 'NOTHING_TO_JUDGE'});
  });

  it('leave open what a busy machine may have done, but not what is blatant', () => {
    const busy = {control: {busy: true}};
    expect(judgeOthers(seen(first(8, isOther, FAILED), busy))).toMatchObject({code: 'BUSY_MACHINE'});
    expect(judgeOthers(seen(first(ALL, isOther, FAILED), busy))).toMatchObject({code: 'OTHERS_FAILED'});
  });
});

function isTooMuch(_: Operation, {status}: Answer): boolean {
  return status === 429;
}

function meanwhile(ask: Operation): boolean {
  return isOther(ask) && isDown(ask);
}

/** What a look sees so long after the load began: a refusal every 100 ms, and so many accepted requests of the flooder, 50 ms apart. */
function lookAt(atMs: number, accepted: number): Evidence {
  const flood = (count: number, everyMs: number, answer: Answer): LedgerEntry[] =>
    Array.from({length: count}, (_, index) => entryOf({name: 'flood', atMs: everyMs * index} as Operation, answer));
  return {
    attack: [...flood(accepted, 50, {...SERVED, ms: 1}), ...flood(atMs / 100, 100, TOLD)],
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
