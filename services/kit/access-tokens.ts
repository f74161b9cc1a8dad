import {createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey, jwtVerify} from 'jose';
import {Problem} from './problem.ts';
import type {Kit} from './service.ts';
import {continueTrace} from './trace-context.ts';

export interface AccessTokens {
  /** The account that a bearer token was issued to. Throws a problem: 401, or 503 when the keys cannot be had. */
  account(authorization: string | undefined): Promise<string>;
}

const ISSUER = 'teralab-identity';
const CLOCK_TOLERANCE_SECONDS = 5;
const KEYS_FRESH_MS = 600_000;
/** Between two requests for keys, however many tokens with unknown keys come. */
const ASK_AGAIN_AFTER_MS = 5_000;
const FETCH_WITHIN_MS = 1_500;
/** Checking a signature costs more than all else that a gateway does for a request; a withdrawn key still counts for this long. */
const VERIFIED_MS = 30_000;
const VERIFIED_MAX = 1_000;

type TokenKit = Pick<Kit, 'clock' | 'contexts' | 'links' | 'log'>;

/** A token that was found valid, and until when (unix ms) that is not checked again. */
interface Verified {
  readonly account: string;
  readonly until: number;
}

/**
 * Verifies the access tokens that are meant for `audience` here, with identity's public keys: identity is asked for keys, not for each
 * request, and nobody else's word is taken for it.
 */
export function createAccessTokens(kit: TokenKit, audience: string): AccessTokens {
  const keys = createKeyCache(kit);
  // In order of verification, so that the first is the oldest.
  const verified = new Map<string, Verified>();

  async function verifyWith(token: string, key: JWTVerifyGetKey): Promise<Verified> {
    const {payload} = await jwtVerify(token, key, {
      issuer: ISSUER,
      audience,
      algorithms: ['EdDSA'],
      requiredClaims: ['sub', 'exp'],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(kit.clock.now()),
    });
    if (payload.sub === undefined || payload.sub === '') throw unauthorized('The token names no account.');
    return {account: payload.sub, until: Math.min((payload.exp ?? 0) * 1_000, kit.clock.now() + VERIFIED_MS)};
  }

  async function verify(token: string): Promise<Verified> {
    try {
      return await verifyWith(token, await keys.current());
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw toProblem(error);
    }
    try {
      return await verifyWith(token, await keys.newer());
    } catch (error) {
      throw toProblem(error);
    }
  }

  return {
    async account(authorization) {
      const [, token] = /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization ?? '') ?? [];
      if (token === undefined) throw unauthorized('Send a token: `Authorization: Bearer …`.');
      const known = verified.get(token);
      if (known !== undefined && kit.clock.now() < known.until) return known.account;
      verified.delete(token);
      const found = await verify(token);
      const [oldest] = verified.size < VERIFIED_MAX ? [] : verified.keys();
      if (oldest !== undefined) verified.delete(oldest);
      verified.set(token, found);
      return found.account;
    },
  };
}

interface KeyCache {
  /** Keys that are fresh enough; old ones while identity cannot be reached. */
  current(): Promise<JWTVerifyGetKey>;
  /** Keys for a token that the current ones do not know; the same when identity was asked a moment ago. */
  newer(): Promise<JWTVerifyGetKey>;
}

function createKeyCache({clock, contexts, links, log}: TokenKit): KeyCache {
  let cached: {readonly keys: JWTVerifyGetKey; readonly at: number} | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;
  let underWay: Promise<void> | undefined;

  async function refresh(): Promise<void> {
    try {
      // Not in the context of the request that happens to be the first: it shares its keys with others, but neither its caller nor its deadline.
      const nobody = {trace: continueTrace(undefined), deadline: undefined, authorization: undefined};
      cached = {keys: await contexts.run(nobody, () => fetchKeys(links)), at: clock.monotonic()};
    } catch (error) {
      log.warn({err: error}, 'the keys of identity cannot be fetched');
    } finally {
      askedAt = clock.monotonic();
      underWay = undefined;
    }
  }

  function refreshOnce(): Promise<void> {
    underWay ??= refresh();
    return underWay;
  }

  function askedLately(): boolean {
    return clock.monotonic() - askedAt < ASK_AGAIN_AFTER_MS;
  }

  return {
    async current() {
      const isFresh = cached !== undefined && clock.monotonic() - cached.at < KEYS_FRESH_MS;
      if (!isFresh && (cached === undefined || !askedLately())) await refreshOnce();
      if (cached !== undefined) return cached.keys;
      const detail = 'The token cannot be checked: the keys of identity cannot be had at the moment.';
      throw new Problem({status: 503, kind: 'keys-unavailable', detail, headers: {'retry-after': '1'}});
    },
    async newer() {
      if (underWay !== undefined || !askedLately()) await refreshOnce();
      return this.current();
    },
  };
}

async function fetchKeys(links: Kit['links']): Promise<JWTVerifyGetKey> {
  const {status, body} = await links.request('identity', {
    method: 'GET',
    path: '/.well-known/jwks.json',
    signal: AbortSignal.timeout(FETCH_WITHIN_MS),
  });
  if (status !== 200) {
    body.destroy();
    throw new Error(`identity answered ${status} when it was asked for its keys.`);
  }
  return createLocalJWKSet((await body.json()) as JSONWebKeySet);
}

function toProblem(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) return unauthorized('The token has expired.');
  return error instanceof errors.JOSEError ? unauthorized('The token is not valid.') : error;
}

function unauthorized(detail: string): Problem {
  return new Problem({status: 401, kind: 'unauthorized', detail, headers: {'www-authenticate': 'Bearer'}});
}
