import {describe, expect, it} from 'vitest';
import {nearest} from './nearest.ts';

const names = ['gateway', 'identity', 'identity-db', 'stream'];

describe('nearest', () => {
  it.each([
    ['identty', 'identity'],
    ['gatewya', 'gateway'],
    ['Stream', 'stream'],
    ['identity-dp', 'identity-db'],
  ])('finds what "%s" meant', (word, meant) => {
    expect(nearest(word, names)).toBe(meant);
  });

  it.each(['postgres', 'x', ''])('guesses nothing for "%s"', word => {
    expect(nearest(word, names)).toBeUndefined();
  });
});
