import {randomBytes, type ScryptOptions, scrypt, timingSafeEqual} from 'node:crypto';
import {availableParallelism} from 'node:os';
import {promisify} from 'node:util';
import type {Clock} from '../kit/clock.ts';
import type {Environment} from '../kit/parse-environment.ts';
import {createSlots} from './slots.ts';

/** N by profile. 2^17 is OWASP's figure for scrypt with r 8 and p 1, and takes about 0.4 s; the lab's is weaker, and says so. */
const COST = {production: 2 ** 17, lab: 2 ** 13} as const;
const BLOCK_SIZE = 8;
const PARALLELIZATION = 1;
const HASH_BYTES = 32;
const SALT_BYTES = 16;
export interface Passwords {
  /** The hash to store. Throws a problem 429 when too much is waiting, 504 when `deadline` (unix ms) passed meanwhile. */
  hash(password: string, deadline: number | undefined): Promise<string>;
  /** Whether the password is the one that was hashed. Takes as long when there is no hash, so that nobody can tell which accounts exist. */
  verify(password: string, stored: string | undefined, deadline: number | undefined): Promise<boolean>;
}

export function createPasswords({
  profile,
  clock,
}: {
  readonly profile: Environment['profile'];
  readonly clock: Clock;
}): Passwords {
  const atOnce = hashesAtOnce(availableParallelism());
  const slots = createSlots({atOnce, waitingMax: hashesWaiting(profile, atOnce), clock});
  const cost = COST[profile];

  return {
    hash: (password, deadline) =>
      slots.run(deadline, async () => {
        const salt = randomBytes(SALT_BYTES);
        const hash = await derive(password, salt, cost);
        return [
          'scrypt',
          cost,
          BLOCK_SIZE,
          PARALLELIZATION,
          salt.toString('base64url'),
          hash.toString('base64url'),
        ].join('$');
      }),
    // Around its hash a sign-in costs everybody about as much again: two commits, an event, those who read it. Without a rest a flood would take the core that is left.
    verify: (password, stored, deadline) =>
      slots.runAndRest(deadline, async () => {
        const {salt, hash, cost: storedCost} = stored === undefined ? decoy(cost) : parse(stored);
        const given = await derive(password, salt, storedCost);
        return timingSafeEqual(given, hash) && stored !== undefined;
      }),
  };
}

/**
 * Hashing runs on libuv's threads; one of the four is left to everything else that needs them. And one core is left, where there are two: what
 * all others ask for takes little of it, and takes no longer because many sign in.
 */
export function hashesAtOnce(cores: number): number {
  return Math.max(1, Math.min(3, cores - 1));
}

/**
 * Hashes that may wait; what comes on top is answered 429. In production the last one begins within 2.4 s, which is less than a gateway waits for a write, and
 * all of them together take fewer than the 32 places that a gateway has for identity. In the lab, where a hash is cheap, bursts of new accounts are what
 * exercises are made of: there it bounds memory alone.
 */
export function hashesWaiting(profile: Environment['profile'], atOnce: number): number {
  return profile === 'production' ? 3 * atOnce : 256;
}

interface StoredHash {
  readonly cost: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

function parse(stored: string): StoredHash {
  const [scheme, cost, , , salt = '', hash = ''] = stored.split('$');
  if (scheme !== 'scrypt') throw new Error('A stored password hash has an unknown scheme.');
  return {cost: Number(cost), salt: Buffer.from(salt, 'base64url'), hash: Buffer.from(hash, 'base64url')};
}

function decoy(cost: number): StoredHash {
  return {cost, salt: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES)};
}

const scryptAsync = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

function derive(password: string, salt: Buffer, cost: number): Promise<Buffer> {
  // Node's limit is 32 MiB; scrypt needs 128 * N * r bytes and a little more.
  const maxmem = 128 * cost * BLOCK_SIZE + 1_048_576;
  return scryptAsync(password.normalize('NFC'), salt, HASH_BYTES, {N: cost, r: BLOCK_SIZE, p: PARALLELIZATION, maxmem});
}
