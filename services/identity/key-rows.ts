import {calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK} from 'jose';
import type {Queryable} from '../kit/database.ts';
import {ALGORITHM} from '../kit/verify-access-token.ts';
import {seal, unseal} from './seal.ts';

/**
 * How long a retired key stays published: until the last token that it signed has expired (15 minutes), and a little more for clocks
 * that differ. Not longer: whoever got hold of it could make new tokens with it.
 */
const PREVIOUS_FOR = '20 minutes';

/** A published key. Its times come from the database's clock, which is one for all replicas. */
export interface KeyRow extends Readonly<Record<string, unknown>> {
  readonly kid: string;
  readonly public_jwk: JWK;
  /** Empty once the key signs no more. */
  readonly sealed_private_key: string;
  readonly state: 'next' | 'current' | 'previous';
  /** Seconds since it was published, and until it is published no more. */
  readonly age: number;
  readonly remaining: number | null;
}

export function readKeys(database: Queryable): Promise<readonly KeyRow[]> {
  return database.query<KeyRow>(
    `select kid, public_jwk, sealed_private_key,
       case when retired_at is not null then 'previous' when activated_at is not null then 'current' else 'next' end as state,
       extract(epoch from clock_timestamp() - created_at)::float8 as age,
       extract(epoch from retired_at + interval '${PREVIOUS_FOR}' - clock_timestamp())::float8 as remaining
     from signing_keys
     where withdrawn_at is null and (retired_at is null or retired_at > clock_timestamp() - interval '${PREVIOUS_FOR}')
     order by created_at desc, kid`,
  );
}

/** Only one replica changes the keys at a time. The number is the lock's key and means nothing. */
export async function lockKeys(transaction: Queryable): Promise<void> {
  await transaction.query('select pg_advisory_xact_lock(7364503)');
}

export async function addKey(transaction: Queryable, sealingKey: Buffer): Promise<void> {
  const {publicKey, privateKey} = await generateKeyPair(ALGORITHM, {crv: 'Ed25519', extractable: true});
  const publicJwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(publicJwk);
  await transaction.query(
    'insert into signing_keys (kid, public_jwk, sealed_private_key, created_at) values ($1, $2, $3, clock_timestamp())',
    [
      kid,
      JSON.stringify({...publicJwk, kid, alg: ALGORITHM, use: 'sig'}),
      seal(JSON.stringify(await exportJWK(privateKey)), sealingKey, kid),
    ],
  );
}

/** The current key signs no more; what it signed is still good. Its private half is forgotten. */
export async function retireCurrent(transaction: Queryable): Promise<void> {
  await transaction.query(
    `update signing_keys set retired_at = clock_timestamp(), sealed_private_key = ''
     where activated_at is not null and retired_at is null`,
  );
}

export async function activateNext(transaction: Queryable): Promise<void> {
  await transaction.query(
    'update signing_keys set activated_at = clock_timestamp() where activated_at is null and withdrawn_at is null',
  );
}

/** From now on nothing that these keys signed is good. */
export async function withdraw(transaction: Queryable, kids: readonly string[]): Promise<void> {
  await transaction.query(
    `update signing_keys set withdrawn_at = clock_timestamp(), retired_at = coalesce(retired_at, clock_timestamp()), sealed_private_key = ''
     where kid = any ($1)`,
    [kids],
  );
}

/** Makes what is missing of the current and the next key, or was sealed with another secret. Must hold the lock. */
export async function completeKeys(transaction: Queryable, sealingKey: Buffer): Promise<void> {
  const rows = await readKeys(transaction);
  const isOurs = (row: KeyRow): boolean => unseal(row.sealed_private_key, sealingKey, row.kid) !== undefined;
  const foreign = rows.filter(row => row.state !== 'previous' && !isOurs(row));
  await withdraw(
    transaction,
    foreign.filter(({state}) => state === 'next').map(({kid}) => kid),
  );
  if (foreign.some(({state}) => state === 'current')) await retireCurrent(transaction);
  const ours = rows.filter(row => !foreign.includes(row));
  let hasNext = ours.some(({state}) => state === 'next');
  if (!ours.some(({state}) => state === 'current')) {
    if (!hasNext) await addKey(transaction, sealingKey);
    await activateNext(transaction);
    hasNext = false;
  }
  if (!hasNext) await addKey(transaction, sealingKey);
}
