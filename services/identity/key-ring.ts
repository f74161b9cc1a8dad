import {createCipheriv, createDecipheriv, hkdfSync, randomBytes} from 'node:crypto';
import {type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK} from 'jose';
import type {Clock} from '../kit/clock.ts';
import type {Database} from '../kit/database.ts';
import type {Logger} from '../kit/logger.ts';

export const ALGORITHM = 'EdDSA';
/** A retired key verifies until the last token that it signed has expired. */
const VERIFIES_FOR_MS = 3_600_000;

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
}

/** The keys of all replicas. They are made once, by whoever starts first, and shared through the database. */
export interface KeyRing {
  /** Loads the keys; makes the first one where there is none. */
  load(): Promise<void>;
  /** The key that signs. Throws before `load` has returned. */
  current(): SigningKey;
  /** The public keys that verify, as a JWK set. */
  publicKeys(): {keys: JWK[]};
}

interface KeyRingParts {
  readonly database: Database;
  readonly secret: string;
  readonly clock: Clock;
  readonly log: Logger;
}

export function createKeyRing({database, secret, clock, log}: KeyRingParts): KeyRing {
  const sealingKey = Buffer.from(hkdfSync('sha256', secret, '', 'identity: signing keys', 32));
  let signing: SigningKey | undefined;
  let verifying: JWK[] = [];

  return {
    async load() {
      for (;;) {
        const rows = await readKeys(database, new Date(clock.now() - VERIFIES_FOR_MS));
        const current = rows.find(row => row.retired_at === null);
        if (current === undefined) {
          await makeKey(database, sealingKey);
          continue;
        }
        const privateJwk = unseal(current.sealed_private_key, sealingKey, current.kid);
        if (privateJwk === undefined) {
          log.warn({kid: current.kid}, 'the signing key was sealed with another secret; a new one takes its place');
          await database.query('update signing_keys set retired_at = now() where kid = $1 and retired_at is null', [
            current.kid,
          ]);
          continue;
        }
        signing = {kid: current.kid, privateKey: await importPrivate(privateJwk)};
        verifying = rows.map(row => row.public_jwk);
        return;
      }
    },
    current() {
      if (signing === undefined) throw new Error('The signing keys are not loaded yet.');
      return signing;
    },
    publicKeys: () => ({keys: [...verifying]}),
  };
}

interface KeyRow extends Readonly<Record<string, unknown>> {
  readonly kid: string;
  readonly public_jwk: JWK;
  readonly sealed_private_key: string;
  readonly retired_at: Date | null;
}

function readKeys(database: Database, retiredSince: Date): Promise<readonly KeyRow[]> {
  return database.query<KeyRow>(
    `select kid, public_jwk, sealed_private_key, retired_at from signing_keys
     where retired_at is null or retired_at > $1 order by retired_at desc nulls first`,
    [retiredSince],
  );
}

/** Makes a key, unless another replica was faster. */
async function makeKey(database: Database, sealingKey: Buffer): Promise<void> {
  const {publicKey, privateKey} = await generateKeyPair(ALGORITHM, {crv: 'Ed25519', extractable: true});
  const publicJwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(publicJwk);
  const sealed = seal(JSON.stringify(await exportJWK(privateKey)), sealingKey, kid);
  await database.query(
    'insert into signing_keys (kid, public_jwk, sealed_private_key) values ($1, $2, $3) on conflict do nothing',
    [kid, JSON.stringify({...publicJwk, kid, alg: ALGORITHM, use: 'sig'}), sealed],
  );
}

async function importPrivate(jwk: string): Promise<CryptoKey> {
  const key = await importJWK(JSON.parse(jwk) as JWK, ALGORITHM);
  if (key instanceof Uint8Array) throw new TypeError('A signing key is not a key pair.');
  return key;
}

/** AES-256-GCM, bound to the key's id: `iv.tag.ciphertext` in base64url. */
function seal(text: string, key: Buffer, kid: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(kid));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return [iv, cipher.getAuthTag(), sealed].map(part => part.toString('base64url')).join('.');
}

/** The text, or undefined when it was sealed with another key. */
function unseal(text: string, key: Buffer, kid: string): string | undefined {
  const [iv, tag, sealed] = text.split('.').map(part => Buffer.from(part, 'base64url'));
  if (iv === undefined || tag === undefined || sealed === undefined) return undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, iv, {authTagLength: 16})
      .setAAD(Buffer.from(kid))
      .setAuthTag(tag);
    return Buffer.concat([decipher.update(sealed), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}
