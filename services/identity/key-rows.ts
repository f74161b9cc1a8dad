import {calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK} from 'jose';
import type {Queryable} from '../kit/database.ts';
import {ALGORITHM} from '../kit/verify-access-token.ts';
import {seal, unseal} from './seal.ts';
import type {StoredKey} from './seams/key-rotation.ts';

/** Keys that have been retired for longer are of no interest to anybody. */
const READ_FOR = '1 day';

/** A key that was not withdrawn. Its times come from the database's clock, which is one for all replicas. */
export interface KeyRow extends StoredKey, Readonly<Record<string, unknown>> {
  readonly public_jwk: JWK;
  /** Empty once the key signs no more. */
  readonly sealed_private_key: string;
  readonly state: 'next' | 'current' | 'previous';
}

export function readKeys(database: Queryable): Promise<readonly KeyRow[]> {
  return database.query<KeyRow>(
    `select kid, public_jwk, sealed_private_key,
       case when retired_at is not null then 'previous' when activated_at is not null then 'current' else 'next' end as state,
       extract(epoch from clock_timestamp() - created_at)::float8 as "madeAgo",
       extract(epoch from clock_timestamp() - activated_at)::float8 as "activatedAgo",
       extract(epoch from clock_timestamp() - retired_at)::float8 as "retiredAgo"
     from signing_keys
     where withdrawn_at is null and (retired_at is null or retired_at > clock_timestamp() - interval '${READ_FOR}')
     order by created_at desc, kid`,
  );
}

/** Only one replica changes the keys at a time. The number is the lock's key and means nothing. */
export async function lockKeys(transaction: Queryable): Promise<void> {
  await transaction.query('select pg_advisory_xact_lock(7364503)');
}

/** Makes the next key. Returns its id. */
export async function addKey(transaction: Queryable, sealingKey: Buffer): Promise<string> {
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
  return kid;
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

/** A key signs that was made just now. */
export async function activateNew(transaction: Queryable, sealingKey: Buffer): Promise<void> {
  // There is room for one key that does not sign yet: the one that waits makes room for a moment.
  const [waiting] = await transaction.query<{kid: string}>(
    `update signing_keys set activated_at = created_at, retired_at = created_at
     where activated_at is null and withdrawn_at is null returning kid`,
  );
  await addKey(transaction, sealingKey);
  await activateNext(transaction);
  if (waiting !== undefined)
    await transaction.query('update signing_keys set activated_at = null, retired_at = null where kid = $1', [
      waiting.kid,
    ]);
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
