import {createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey, jwtVerify} from 'jose';
import type {Clock} from '../kit/clock.ts';
import type {Links} from '../kit/links.ts';
import type {Logger} from '../kit/logger.ts';
import {Problem} from '../kit/problem.ts';

export interface AccessTokens {
  /** The account that a bearer token was issued to. Rejects with a 401 problem, or 503 when the keys cannot be had. */
  account(authorization: string | undefined): Promise<string>;
}

const ISSUER = 'teralab-identity';
const AUDIENCE = 'gateway';
const KEYS_PATH = '/.well-known/jwks.json';
const KEYS_FRESH_MS = 600_000;
/** A token with an unknown key must not make the gateway ask identity each time. */
const UNKNOWN_KEY_COOLDOWN_MS = 5_000;
const FETCH_WITHIN_MS = 1_000;
/** Checking a signature costs more than all else that the gateway does for a request; a withdrawn key still counts for this long. */
const VERIFIED_MS = 30_000;
const VERIFIED_MAX = 1_000;

/** Verifies access tokens here, with identity's public keys: identity is asked for keys, not for each request. */
export function createAccessTokens({links, clock, log}: {links: Links; clock: Clock; log: Logger}): AccessTokens {
  const keys = createKeyCache({links, clock, log});
  // In order of verification, so that the first is the oldest.
  const verified = new Map<string, Verified>();

  async function verifyNow(token: string): Promise<Verified> {
    try {
      return await verify(token, await keys.current(), clock);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw asProblem(error);
    }
    const newer = await keys.newer();
    if (newer === undefined) throw unauthorized('The token is signed with an unknown key.');
    return verify(token, newer, clock).catch(error => {
      throw asProblem(error);
    });
  }

  return {
    async account(authorization) {
      const token = /^Bearer +([\w.~+/=-]+) *$/i.exec(authorization ?? '')?.[1];
      if (token === undefined) throw unauthorized('A bearer token is needed.');
      const known = verified.get(token);
      if (known !== undefined && clock.now() < known.until) return known.account;
      verified.delete(token);
      const found = await verifyNow(token);
      const [oldest] = verified.size < VERIFIED_MAX ? [] : verified.keys();
      if (oldest !== undefined) verified.delete(oldest);
      verified.set(token, found);
      return found.account;
    },
  };
}

/** A token that was found valid, and until when (unix ms) that is not checked again. */
interface Verified {
  readonly account: string;
  readonly until: number;
}

async function verify(token: string, keys: JWTVerifyGetKey, clock: Clock): Promise<Verified> {
  const options = {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ['EdDSA'],
    requiredClaims: ['sub', 'exp'],
    currentDate: new Date(clock.now()),
  };
  const {payload} = await jwtVerify(token, keys, options);
  if (payload.sub === undefined || payload.sub === '') throw unauthorized('The token names no account.');
  return {account: payload.sub, until: Math.min((payload.exp ?? 0) * 1_000, clock.now() + VERIFIED_MS)};
}

function asProblem(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) return unauthorized('The token has expired.');
  return error instanceof errors.JOSEError ? unauthorized('The token is not valid.') : error;
}

function unauthorized(detail: string): Problem {
  return new Problem({status: 401, kind: 'unauthorized', detail, headers: {'www-authenticate': 'Bearer'}});
}

interface KeyCache {
  /** Keys that are fresh; old ones when identity cannot be reached. */
  current(): Promise<JWTVerifyGetKey>;
  /** Keys fetched after those that `current` gave, or undefined when it is too early to ask again. */
  newer(): Promise<JWTVerifyGetKey | undefined>;
}

function createKeyCache({links, clock, log}: {links: Links; clock: Clock; log: Logger}): KeyCache {
  let cached: {readonly keys: JWTVerifyGetKey; readonly at: number} | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;
  let underWay: Promise<JWTVerifyGetKey> | undefined;

  function fetchOnce(): Promise<JWTVerifyGetKey> {
    askedAt = clock.monotonic();
    underWay ??= fetchKeys(links)
      .then(keys => {
        cached = {keys, at: clock.monotonic()};
        return keys;
      })
      .finally(() => {
        underWay = undefined;
      });
    return underWay;
  }

  return {
    async current() {
      if (cached !== undefined && clock.monotonic() - cached.at < KEYS_FRESH_MS) return cached.keys;
      try {
        return await fetchOnce();
      } catch (error) {
        log.warn({err: error}, 'the keys of identity cannot be fetched');
        if (cached !== undefined) return cached.keys;
        const detail = 'The token cannot be checked: the keys of identity cannot be had at the moment.';
        throw new Problem({status: 503, kind: 'keys-unavailable', detail, headers: {'retry-after': '1'}});
      }
    },
    async newer() {
      if (underWay === undefined && clock.monotonic() - askedAt < UNKNOWN_KEY_COOLDOWN_MS) return undefined;
      return fetchOnce().catch(() => undefined);
    },
  };
}

async function fetchKeys(links: Links): Promise<JWTVerifyGetKey> {
  const {status, body} = await links.request('identity', {
    method: 'GET',
    path: KEYS_PATH,
    signal: AbortSignal.timeout(FETCH_WITHIN_MS),
  });
  if (status !== 200) {
    body.destroy();
    throw new Error(`identity answered ${status} when asked for its keys.`);
  }
  return createLocalJWKSet((await body.json()) as JSONWebKeySet);
}
