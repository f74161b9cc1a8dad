import {describe, expect, it} from 'vitest';
import {createKeyRotation} from './key-rotation.default.ts';
import type {StoredKey} from './key-rotation.ts';

const next = (madeAgo: number): StoredKey => ({kid: 'next', madeAgo, activatedAgo: null, retiredAgo: null});
const current: StoredKey = {kid: 'current', madeAgo: 9_000, activatedAgo: 5_000, retiredAgo: null};
const previous = (retiredAgo: number): StoredKey => ({
  kid: 'previous',
  madeAgo: 9_999,
  activatedAgo: 9_000,
  retiredAgo,
});

describe('a rotation', () => {
  const {isPublished, rotate} = createKeyRotation();

  it.each([
    ['until all verifiers can have the next key', [next(3), current], 7],
    ['until tokens of the previous key have expired', [next(60), current, previous(900)], 300],
    ['for the longer of both', [next(9.5), current, previous(1_199.5)], 1],
  ])('waits %s', (_, keys, waitSeconds) => {
    expect(rotate(keys, {compromised: false})).toEqual({waitSeconds});
  });

  it('has the next key sign, and makes another', () => {
    expect(rotate([next(10), current], {compromised: false})).toEqual({sign: 'next', withdraw: [], makeNext: true});
  });

  it('of compromised keys waits for nothing, and takes back all that has signed', () => {
    const step = rotate([next(0), current, previous(1)], {compromised: true});
    expect(step).toEqual({sign: 'next', withdraw: ['current', 'previous'], makeNext: true});
  });

  it('keeps a retired key published until its last token has expired, and no longer', () => {
    expect([next(0), current, previous(900), previous(1_200)].map(isPublished)).toEqual([true, true, true, false]);
  });
});
