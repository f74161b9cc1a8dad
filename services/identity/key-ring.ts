import {type CryptoKey, createLocalJWKSet, importJWK, type JWK, type JWTVerifyGetKey} from 'jose';
import type {Clock} from '../kit/clock.ts';
import type {Database, Queryable} from '../kit/database.ts';
import type {Logger} from '../kit/logger.ts';
import {Problem} from '../kit/problem.ts';
import {ALGORITHM} from '../kit/verify-access-token.ts';
import {keepFresh} from './keep-fresh.ts';
import {
  activateNew,
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
import type {KeyRotation} from './seams/key-rotation.ts';

/** What is read of the database's keys may be this old: other replicas rotate, too. */
const FRESH_FOR_MS = 1_000;
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
   * Has another key sign. Throws a problem 409 while that would make a good token bad. With `compromised` nothing is waited for, and what
   * was signed so far is worth nothing from now on.
   */
  rotate(options: {readonly compromised: boolean}): Promise<void>;
}

interface KeyRingParts {
  readonly database: Database;
  readonly secret: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly rotation: KeyRotation;
}

export function createKeyRing({database, secret, clock, log, rotation}: KeyRingParts): KeyRing {
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
    const keys = rows.filter(row => rotation.isPublished(row)).map(row => row.public_jwk);
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
        const rows = (await readKeys(transaction)).filter(row => rotation.isPublished(row));
        const step = rotation.rotate(rows, {compromised});
        if ('waitSeconds' in step) throw tooEarly(step.waitSeconds);
        const waiting = rows.find(({state}) => state === 'next')?.kid;
        if (step.sign !== 'new' && step.sign !== waiting)
          throw new Error(`The key ${step.sign} cannot sign next: it is none, or it has signed before.`);
        await retireCurrent(transaction);
        await withdraw(transaction, step.withdraw);
        if (step.sign === 'new') await activateNew(transaction, sealingKey);
        else await activateNext(transaction);
        if (step.makeNext && (step.sign !== 'new' || waiting === undefined || step.withdraw.includes(waiting)))
          await addKey(transaction, sealingKey);
      });
      await fresh.load();
      log.info({compromised, kid: known().signing.kid}, 'the signing keys were rotated');
    },
  };
}

function tooEarly(waitSeconds: number): Problem {
  return new Problem({
    status: 409,
    kind: 'rotation-too-early',
    detail: `A rotation now would refuse good tokens; it can be done in ${waitSeconds} s. A key that is compromised need not wait: {"compromised": true}.`,
    headers: {'retry-after': String(waitSeconds)},
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
