import {expect, it} from 'vitest';
import type {Evidence} from '../../src/labs/lab.ts';
import {judgeEquals, judgeMissing, judgeTogether, judgeTwice} from './judge.ts';
import type {Final, Setup} from './lab.ts';

const PAIRS = 12;
/** Events of which each two say the same. */
const SOURCE = Array.from({length: 2 * PAIRS}, (_, n) => ({
  id: `m${n}`,
  data: {account: 'ada', kind: 'walk', at: `second ${Math.floor(n / 2)}`},
}));
const ALL = SOURCE.map(({id}) => id);

function seen(took: readonly string[], change: Partial<Final> = {}): Evidence<Setup, Final> {
  const effects = took.map((message, at) => ({
    ...{message, key: 'ada', partition: 0, position: 1, deliveries: 1, node: 'stream-1', at, withPosition: true},
  }));
  const final: Final = {source: SOURCE, effects, rewritten: 0, ...change};
  return {final, events: [], times: {attackFrom: 0}} as unknown as Evidence<Setup, Final>;
}

it('lets each event take effect once, and rows stay', () => {
  expect(judgeTwice(seen(ALL)).verdict).toBe('pass');
  expect(judgeTwice(seen([...ALL, 'm3'])).code).toBe('EFFECT_TWICE');
  expect(judgeTwice(seen(ALL, {rewritten: 1})).code).toBe('EFFECTS_REWRITTEN');
});

it('tells a pair that was taken for one event from events that are missing', () => {
  expect(judgeMissing(seen(ALL)).verdict).toBe('pass');
  expect(judgeEquals(seen(ALL)).verdict).toBe('pass');
  const merged = ALL.filter(id => id !== 'm5');
  expect([judgeMissing(seen(merged)).code, judgeEquals(seen(merged)).code]).toEqual([null, 'EQUALS_MERGED']);
  const missing = ALL.filter(id => id !== 'm4' && id !== 'm5');
  expect([judgeMissing(seen(missing)).code, judgeEquals(seen(missing)).code]).toEqual(['EFFECT_MISSING', null]);
  expect(judgeMissing(seen([])).code).toBe('EFFECT_MISSING');
});

it('wants an effect and its position together', () => {
  expect(judgeTogether(seen(ALL)).verdict).toBe('pass');
  const {final} = seen(ALL);
  const effects = final.effects.map(effect => ({...effect, withPosition: effect.message !== 'm1'}));
  expect(judgeTogether(seen(ALL, {effects})).code).toBe('POSITION_APART');
});
