import {expect, it} from 'vitest';
import type {DeadLetter, Delivery} from '../../services/kit/broker.ts';
import type {Evidence} from '../../src/labs/lab.ts';
import {classify, type Held, judgeGoesOn, judgeKept, judgeRedriven, judgeSkipped} from './judge.ts';
import type {Final, Setup} from './lab.ts';

const SOURCE: readonly Held[] = [
  {id: 'v1', partition: 0, position: 1, publishedAt: 0},
  {id: 'u', partition: 0, position: 2, publishedAt: 0, poison: 'unreadable'},
  {id: 'r', partition: 0, position: 3, publishedAt: 0, poison: 'refused'},
  {id: 'v2', partition: 0, position: 4, publishedAt: 0},
];
const letter = (id: string, position: number, reason: string): DeadLetter => ({
  ...{id: `${position}@stream`, stream: 'activity', group: 'stream', position, reason, at: 0},
  message: {id, key: 'k', type: 't', data: null},
});
const UNREADABLE = letter('u', 2, 'Message u cannot be read: activity needs texts.');
const REFUSED = letter('r', 3, 'new row violates check constraint "refuses_kind"');
const effect = (message: string) => ({
  ...{message, key: 'k', partition: 0, position: 1, deliveries: 1, node: 'stream-1', at: 0, withPosition: true},
});

function seen(change: Partial<Final> = {}): Evidence<Setup, Final> {
  const final: Final = {
    ...{source: SOURCE, lag: 0, positions: {0: 4}, lettersBefore: [UNREADABLE, REFUSED]},
    ...{effectsBefore: ['v1', 'v2'].map(effect), effectsAfter: ['v1', 'v2', 'r'].map(effect)},
    ...change,
  };
  const control = {busy: false};
  return {final, faults: [], events: [], control, times: {attackFrom: 0}} as unknown as Evidence<Setup, Final>;
}

it('passes what skips nothing, keeps all poison and redrives once', () => {
  for (const judge of [judgeSkipped, judgeGoesOn, judgeKept, judgeRedriven]) expect(judge(seen()).verdict).toBe('pass');
});

it('tells valid events that were buried, skipped and doubled apart, and takes none that waits for skipped', () => {
  const buried = {lettersBefore: [UNREADABLE, REFUSED, letter('v2', 4, 'ECONNREFUSED')]};
  expect(judgeSkipped(seen(buried)).code).toBe('VALID_BURIED');
  const effectsBefore = [effect('v1')];
  expect(judgeSkipped(seen({effectsBefore})).code).toBe('VALID_SKIPPED');
  expect(judgeSkipped(seen({effectsBefore, positions: {0: 3}, lag: 1})).code).toBeNull();
  expect(judgeSkipped(seen({effectsBefore: ['v1', 'v1', 'v2'].map(effect)})).code).toBe('EFFECT_TWICE');
});

it('passes nobody where nothing came, or everything waits', () => {
  const nothing = seen({source: [], positions: {}, lettersBefore: [], effectsBefore: [], effectsAfter: []});
  const judges = [judgeSkipped, judgeGoesOn, judgeKept, judgeRedriven];
  expect(judges.map(judge => judge(nothing).verdict)).toEqual(judges.map(() => 'inconclusive'));
  const waiting = seen({positions: {0: 0}, lag: 4, lettersBefore: [], effectsBefore: []});
  expect([judgeSkipped(waiting).verdict, judgeKept(waiting).verdict]).toEqual(['inconclusive', 'inconclusive']);
});

it('says which message a partition waits for', () => {
  const stuck = judgeGoesOn(seen({lag: 3, positions: {0: 1}, lettersBefore: []}));
  expect([stuck.code, stuck.evidence[0]]).toEqual([
    'STUCK',
    expect.stringMatching(/3 wait, the first is unreadable: u/),
  ]);
});

it('does not let poison hold up its partition for as many attempts as an outage takes', () => {
  const late = [UNREADABLE, REFUSED].map(one => ({...one, at: 7_500}));
  expect(judgeGoesOn(seen({lettersBefore: late})).code).toBe('HELD_UP');
  const told = late.map(one => ({...one, at: 4_000}));
  expect(judgeGoesOn(seen({lettersBefore: told})).verdict).toBe('pass');
  const kill = {at: 500, node: 'stream-1', type: 'crash-point', detail: ''} as const;
  // Where nothing waits behind poison and takes as long, it is the machine.
  const aside: Held = {id: 'aside', partition: 1, position: 9, publishedAt: 100};
  const slow = {source: [...SOURCE, aside], effectsBefore: [{...effect('aside'), partition: 1, at: 6_000}]};
  expect(judgeGoesOn(seen({...slow, lettersBefore: late})).code).toBe('BUSY_MACHINE');
  // Nobody can tell what it would have taken without the kill.
  expect(judgeGoesOn({...seen({lettersBefore: late}), events: [kill]}).verdict).toBe('pass');
});

it('wants poison kept, with reasons that tell one kind from another', () => {
  expect(judgeKept(seen({lettersBefore: [REFUSED]})).code).toBe('POISON_LOST');
  const same = [UNREADABLE, REFUSED].map(one => ({...one, reason: 'it could not be handled'}));
  expect(judgeKept(seen({lettersBefore: same})).code).toBe('POISON_WITHOUT_REASON');
  const short = [UNREADABLE, {...REFUSED, reason: 'bad'}];
  expect(judgeKept(seen({lettersBefore: short})).code).toBe('POISON_WITHOUT_REASON');
});

it('wants what was redriven to take effect, once', () => {
  expect(judgeRedriven(seen({effectsAfter: ['v1', 'v2'].map(effect)})).code).toBe('REDRIVE_LOST');
  expect(judgeRedriven(seen({effectsAfter: ['v1', 'v2', 'r', 'r'].map(effect)})).code).toBe('REDRIVE_TWICE');
  // A valid one that was given up on with the rest of its batch.
  expect(judgeRedriven(seen({effectsAfter: ['v1', 'v2', 'r', 'v1'].map(effect)})).code).toBe('REDRIVE_TWICE');
  // What was twice before is no matter of the redrive.
  const before = {effectsBefore: ['v1', 'v1', 'v2'].map(effect), effectsAfter: ['v1', 'v1', 'v2', 'r'].map(effect)};
  expect(judgeRedriven(seen(before)).verdict).toBe('pass');
});

it('knows poison by what it is', () => {
  const of = (data: unknown): string | undefined =>
    classify({id: 'm', partition: 0, position: 1, data} as Delivery, 'kind-x').poison;
  const good = {id: 'i', account: 'a', kind: 'walk', at: '2024-01-01T00:00:00Z'};
  expect(of(good)).toBeUndefined();
  expect(of({...good, kind: 'kind-x'})).toBe('refused');
  for (const bad of [null, 'text', [], {...good, at: 'yesterday'}, {...good, account: 7}])
    expect(of(bad)).toBe('unreadable');
});
