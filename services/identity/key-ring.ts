import {type CryptoKey, createLocalJWKSet, importJWK, type JWK, type JWTVerifyGetKey} from 'jose';
import type {Clock} from '../kit/clock.ts';
import type {Database, Queryable} from '../kit/database.ts';
import type {Logger} from '../kit/logger.ts';
import {Problem} from '../kit/problem.ts';
import {ALGORITHM} from '../kit/verify-access-token.ts';
import {keepFresh} from './keep-fresh.ts';
import {
  activateNext,
  addKey,
  completeKeys,
  type KeyRow,
  lockKeys,
  readKeys,
  retireCurrent,
  withdraw,
} from './key-rows.ts';
import {deriveKey, unseal} from './seal.ts';

/** What is read of the database's keys may be this old: other replicas rotate, too. */
const FRESH_FOR_MS = 1_000;
/**
 * A key signs only after it was published for this long: by then every verifier can have it. A verifier that meets an unknown key asks
 * again 5 s after it last asked, within 1.5 s, and what it is told is at most a second old.
 */
const PUBLISHED_BEFORE_S = 10;

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
}

/** The keys of all replicas: Next, Current and Previous. They are shared through the database. */
export interface KeyRing {
  /** Loads the keys; makes those that are missing. */
  load(): Promise<void>;
  /** Sees to it that the keys are those of the last second, or the last ones known while the database is away. */
  refresh(): Promise<void>;
  /** The key that signs. Throws before `load` has returned. */
  current(): SigningKey;
  /** The public keys that verify, as a JWK set. */
  publicKeys(): {keys: JWK[]};
  /** The same, for verifying. */
  verifying(): JWTVerifyGetKey;
  /**
   * Next becomes Current, Current becomes Previous, and there is a new Next. Throws a problem 409 while that would make a good token bad:
   * when Next is not known everywhere yet, or tokens that Previous signed have not expired. With `compromised` nothing is waited for,
   * and what Current and Previous signed is worth nothing from now on.
   */
  rotate(options: {readonly compromised: boolean}): Promise<void>;
}

interface KeyRingParts {
  readonly database: Database;
  readonly secret: string;
  readonly clock: Clock;
  readonly log: Logger;
}

export function createKeyRing({database, secret, clock, log}: KeyRingParts): KeyRing {
  const sealingKey = deriveKey(secret, 'signing keys');
  let loaded: {readonly signing: SigningKey; readonly keys: JWK[]; readonly verifying: JWTVerifyGetKey} | undefined;
  const fresh = keepFresh('signing keys', read, {clock, log, forMs: FRESH_FOR_MS});

  async function read(): Promise<void> {
    let rows = await readKeys(database);
    let signing = await signingKey(rows, sealingKey);
    if (signing === undefined || !rows.some(({state}) => state === 'next')) {
      log.info({}, 'the signing keys are made: some were missing, or sealed with another secret');
      await change(transaction => completeKeys(transaction, sealingKey));
      rows = await readKeys(database);
      signing = await signingKey(rows, sealingKey);
    }
    if (signing === undefined) throw new Error('The current signing key was sealed with another secret.');
    const keys = rows.map(row => row.public_jwk);
    loaded = {signing, keys, verifying: createLocalJWKSet({keys})};
  }

  function change(work: (transaction: Queryable) => Promise<void>): Promise<void> {
    return database.transaction(async transaction => {
      await lockKeys(transaction);
      await work(transaction);
    });
  }

  function known(): NonNullable<typeof loaded> {
    if (loaded === undefined) throw new Error('The signing keys are not loaded yet.');
    return loaded;
  }

  return {
    load: fresh.load,
    refresh: fresh.refresh,
    current: () => known().signing,
    publicKeys: () => ({keys: [...known().keys]}),
    verifying: () => known().verifying,
    async rotate({compromised}) {
      await change(async transaction => {
        const rows = await readKeys(transaction);
        if (!compromised) refuseTooEarly(rows);
        await retireCurrent(transaction);
        if (compromised) {
          await withdraw(
            transaction,
            rows.filter(({state}) => state !== 'next').map(({kid}) => kid),
          );
        }
        await activateNext(transaction);
        await addKey(transaction, sealingKey);
      });
      await fresh.load();
      log.info({compromised, kid: known().signing.kid}, 'the signing keys were rotated');
    },
  };
}

function refuseTooEarly(rows: readonly KeyRow[]): void {
  const waits = rows.map(({state, age, remaining}) => {
    if (state === 'next') return PUBLISHED_BEFORE_S - age;
    return state === 'previous' ? (remaining ?? 0) : 0;
  });
  const wait = Math.ceil(Math.max(0, ...waits));
  if (wait === 0) return;
  throw new Problem({
    status: 409,
    kind: 'rotation-too-early',
    detail: `A rotation now would refuse good tokens; it can be done in ${wait} s. A key that is compromised need not wait: {"compromised": true}.`,
    headers: {'retry-after': String(wait)},
  });
}

async function signingKey(rows: readonly KeyRow[], sealingKey: Buffer): Promise<SigningKey | undefined> {
  const row = rows.find(({state}) => state === 'current');
  const jwk = row === undefined ? undefined : unseal(row.sealed_private_key, sealingKey, row.kid);
  if (row === undefined || jwk === undefined) return undefined;
  const privateKey = await importJWK(JSON.parse(jwk) as JWK, ALGORITHM);
  if (privateKey instanceof Uint8Array) throw new TypeError('A signing key is not a key pair.');
  return {kid: row.kid, privateKey};
}
