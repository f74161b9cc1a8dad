import {errors, type JWTVerifyGetKey, type JWTVerifyResult, jwtVerify} from 'jose';
import type {VerifiedToken} from './auth.ts';
import {Problem} from './problem.ts';

export const ALGORITHM = 'EdDSA';
export const ISSUER = 'teralab-identity';
/** RFC 9068: no other kind of token that the same keys may sign one day passes for one of these. */
export const TOKEN_TYPE = 'at+jwt';
export const TOKEN_LIFETIME_SECONDS = 15 * 60;
/** By so much may the clocks of who issues and who verifies differ. */
export const CLOCK_TOLERANCE_SECONDS = 5;
const TOKEN_CHARACTERS_MAX = 4_096;
const ID_CHARACTERS_MAX = 200;
const HEADER_MEMBERS = ['alg', 'kid', 'typ'];

/** The token of an `Authorization` header; undefined where there is none. */
export function bearerToken(authorization: string | undefined): string | undefined {
  const [, token] = /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization ?? '') ?? [];
  return token;
}

/** What is said to those who sent none. */
export const SEND_A_TOKEN = 'Send a token: `Authorization: Bearer …`.';

/**
 * Checks a token that is shown to `audience` at `now` (unix ms). Throws a problem 401 for whatever is wrong with it, but jose's own
 * `JWKSNoMatchingKey` when its key is not among `keys`: there may be newer ones.
 *
 * Stricter than RFC 7519 asks: of one token there is one spelling, and nothing is in it that identity does not put there.
 */
export async function verifyAccessToken(
  token: string,
  keys: JWTVerifyGetKey,
  {audience, now}: {readonly audience: string; readonly now: number},
): Promise<VerifiedToken> {
  if (token.length > TOKEN_CHARACTERS_MAX || !isCanonical(token)) throw invalid();
  try {
    const verified = await jwtVerify(token, requireKeyId(keys), {
      algorithms: [ALGORITHM],
      typ: TOKEN_TYPE,
      issuer: ISSUER,
      audience,
      requiredClaims: ['sub', 'sid', 'iat', 'exp'],
      maxTokenAge: TOKEN_LIFETIME_SECONDS,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(now),
    });
    return read(verified);
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw unauthorized('The token has expired.');
    if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSNoMatchingKey)) throw invalid();
    throw error;
  }
}

export function unauthorized(detail: string): Problem {
  return new Problem({status: 401, kind: 'unauthorized', detail, headers: {'www-authenticate': 'Bearer'}});
}

function invalid(): Problem {
  return unauthorized('The token is not valid.');
}

/** A token without the id of its key would be tried with whatever key there is. */
function requireKeyId(keys: JWTVerifyGetKey): JWTVerifyGetKey {
  return (header, token) => {
    const {kid} = header;
    if (typeof kid !== 'string' || kid === '' || kid.length > ID_CHARACTERS_MAX) throw invalid();
    return keys(header, token);
  };
}

function read({payload, protectedHeader}: JWTVerifyResult): VerifiedToken {
  const {sub, sid, iat = 0, exp = 0} = payload;
  const isOurs = Object.keys(protectedHeader).every(name => HEADER_MEMBERS.includes(name));
  if (!isOurs || protectedHeader.typ !== TOKEN_TYPE || !isId(sub) || !isId(sid) || exp - iat > TOKEN_LIFETIME_SECONDS)
    throw invalid();
  return {account: sub, session: sid, expiresAt: exp * 1_000};
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= ID_CHARACTERS_MAX;
}

/**
 * Decoders are lenient: about padding, the other alphabet, the bits that are left over at the end, and members that come twice. Each
 * would give one token many spellings, or two readers two meanings of it.
 */
function isCanonical(token: string): boolean {
  const parts = token.split('.');
  if (parts.length !== 3) return false;
  const [header, claims] = parts.map(part => Buffer.from(part, 'base64url'));
  return (
    parts.every(part => Buffer.from(part, 'base64url').toString('base64url') === part) &&
    isCanonicalJson(header) &&
    isCanonicalJson(claims)
  );
}

function isCanonicalJson(bytes: Buffer | undefined): boolean {
  const text = bytes?.toString('utf8') ?? '';
  try {
    return JSON.stringify(JSON.parse(text)) === text;
  } catch {
    return false;
  }
}
