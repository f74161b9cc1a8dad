import {createLocalJWKSet, errors, jwtVerify, SignJWT} from 'jose';
import type {Clock} from '../kit/clock.ts';
import {Problem} from '../kit/problem.ts';
import {ALGORITHM, type KeyRing} from './key-ring.ts';

export const ISSUER = 'teralab-identity';
/** Who may be shown a token. Each of them checks that it is among them. */
const AUDIENCE = ['gateway', 'identity', 'stream'];
const LIFETIME_MS = 15 * 60_000;
const CLOCK_TOLERANCE_SECONDS = 5;

export interface Tokens {
  /** A token that says who its bearer is, for 15 minutes. */
  issue(account: string): Promise<{readonly token: string; readonly expiresAt: string}>;
  /** The account of an `Authorization` header. Throws a problem 401. */
  accountOf(authorization: string | undefined): Promise<string>;
}

export function createTokens({keys, clock}: {readonly keys: KeyRing; readonly clock: Clock}): Tokens {
  return {
    async issue(account) {
      const {kid, privateKey} = keys.current();
      const now = Math.floor(clock.now() / 1_000);
      const expires = now + LIFETIME_MS / 1_000;
      const token = await new SignJWT({})
        .setProtectedHeader({alg: ALGORITHM, kid, typ: 'JWT'})
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(account)
        .setIssuedAt(now)
        .setExpirationTime(expires)
        .sign(privateKey);
      return {token, expiresAt: new Date(expires * 1_000).toISOString()};
    },
    async accountOf(authorization) {
      const [, token] = /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization ?? '') ?? [];
      if (token === undefined) throw unauthorized('Send a token: `Authorization: Bearer …`.');
      try {
        const {payload} = await jwtVerify(token, createLocalJWKSet(keys.publicKeys()), {
          algorithms: [ALGORITHM],
          issuer: ISSUER,
          audience: 'identity',
          requiredClaims: ['sub', 'exp'],
          clockTolerance: CLOCK_TOLERANCE_SECONDS,
          currentDate: new Date(clock.now()),
        });
        return payload.sub ?? '';
      } catch (error) {
        if (error instanceof errors.JOSEError) throw unauthorized('The token is not valid, or not any more.');
        throw error;
      }
    },
  };
}

export function unauthorized(detail: string): Problem {
  return new Problem({status: 401, kind: 'unauthorized', detail, headers: {'www-authenticate': 'Bearer'}});
}
