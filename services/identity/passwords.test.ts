import {availableParallelism} from 'node:os';
import {expect, it} from 'vitest';
import {createSystemClock} from '../kit/system-clock.ts';
import {createPasswords, hashesAtOnce, hashesWaiting} from './passwords.ts';

/** What the gateway lets through to identity at once, by default. */
const PLACES = 32;

it('leaves a core to others while it hashes, where there are two, and a thread to files and names', () => {
  expect([1, 2, 3, 4, 64].map(hashesAtOnce)).toEqual([1, 1, 2, 3, 3]);
});

it('takes fewer places in production than a gateway has for identity, however many passwords come', () => {
  for (const cores of [1, 2, 4, 64]) {
    const atOnce = hashesAtOnce(cores);
    expect(atOnce + hashesWaiting('production', atOnce)).toBeLessThan(PLACES);
  }
});

it('refuses at once what is too much, with the time to come back, whether there is such an account or not', async () => {
  const passwords = createPasswords({profile: 'lab', clock: createSystemClock()});
  const stored = await passwords.hash('right', undefined);
  const atOnce = hashesAtOnce(availableParallelism());
  const count = atOnce + hashesWaiting('lab', atOnce);
  // Those who wait have no time any more, so that nobody hashes for them in the end.
  const taken = Array.from({length: count}, (_, index) => passwords.hash('another', index < atOnce ? undefined : 0));
  const settled = Promise.allSettled(taken);
  for (const known of [stored, undefined]) {
    await expect(passwords.verify('right', known, undefined)).rejects.toMatchObject({
      status: 429,
      kind: 'too-busy',
      headers: {'retry-after': '1'},
    });
  }
  expect((await settled).filter(({status}) => status === 'fulfilled')).toHaveLength(atOnce);
});
