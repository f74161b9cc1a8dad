import type {Key} from 'ink';
import {describe, expect, it} from 'vitest';
import {keyNames} from './key-name.ts';

const NO_KEY = {ctrl: false, meta: false, shift: false, tab: false, return: false, escape: false} as unknown as Key;

describe('key names', () => {
  it('name what Ink tells of a key', () => {
    expect(keyNames('', {...NO_KEY, upArrow: true})).toEqual(['up']);
    expect(keyNames('', {...NO_KEY, tab: true, shift: true})).toEqual(['shift-tab']);
    expect(keyNames('c', {...NO_KEY, ctrl: true})).toEqual(['ctrl-c']);
    expect(keyNames('', {...NO_KEY, escape: true, meta: true})).toEqual(['esc']);
    expect(keyNames('X', {...NO_KEY, shift: true})).toEqual(['X']);
  });

  it('lose nothing of a burst of typing', () => {
    expect(keyNames('jj\rlog\u007F日\t\u0003', NO_KEY)).toEqual([
      'j',
      'j',
      'enter',
      'l',
      'o',
      'g',
      'backspace',
      '日',
      'tab',
      'ctrl-c',
    ]);
  });

  it('take a key with alt for none', () => {
    expect(keyNames('q', {...NO_KEY, meta: true})).toEqual([]);
  });
});
