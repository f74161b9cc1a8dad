import {createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey} from 'jose';
import type {AuthTools, IdentityAnswer, PublishedKeys} from './auth.ts';
import {Problem} from './problem.ts';
import type {RequestContext} from './request-context.ts';
import type {Kit} from './service.ts';
import {continueTrace} from './trace-context.ts';
import {verifyAccessToken} from './verify-access-token.ts';

export type AuthKit = Pick<Kit, 'clock' | 'contexts' | 'links' | 'log'>;

/** An answer of identity is not read beyond this: a few keys, and five thousand sessions. */
const ANSWER_CHARACTERS_MAX = 1_000_000;

/** What a module that tells who sent a request works with, in a service that `audience` names in tokens. */
export function createAuthTools({clock, contexts, links, log}: AuthKit, audience: string): AuthTools {
  // Importing keys costs more than checking a signature with them.
  const imported = new WeakMap<PublishedKeys, JWTVerifyGetKey>();

  function keysOf(published: PublishedKeys): JWTVerifyGetKey {
    const known = imported.get(published);
    if (known !== undefined) return known;
    const found = createLocalJWKSet(published as unknown as JSONWebKeySet);
    imported.set(published, found);
    return found;
  }

  /** Whom a call is made for: the request under way, with the token that it showed; or nobody. */
  function callerOf(token: string | undefined): RequestContext {
    const nobody = {trace: continueTrace(undefined), deadline: undefined, authorization: undefined};
    if (token === undefined) return nobody;
    return {...(contexts.current() ?? nobody), authorization: `Bearer ${token}`};
  }

  const tools: AuthTools = {
    clock,
    log,
    askIdentity: (path, {token, signal} = {}) =>
      contexts.run(callerOf(token), async () => {
        const request = {method: 'GET', path, headers: {accept: 'application/json'}};
        const {status, body} = await links.request('identity', {...request, ...(signal === undefined ? {} : {signal})});
        return {status, body: parsed(await body.text())} satisfies IdentityAnswer;
      }),
    async fetchKeys(signal) {
      const {status, body} = await tools.askIdentity('/.well-known/jwks.json', signal === undefined ? {} : {signal});
      if (status !== 200) throw new Error(`identity answered ${status} when it was asked for its keys.`);
      const published = readPublished(body);
      keysOf(published);
      return published;
    },
    async verifyToken(token, keys) {
      try {
        return await verifyAccessToken(token, keysOf(keys), {audience, now: clock.now()});
      } catch (error) {
        if (error instanceof errors.JWKSNoMatchingKey) return {refused: 'The token is not valid.', unknownKey: true};
        if (error instanceof Problem && error.status === 401) return {refused: error.message};
        throw error;
      }
    },
  };
  return tools;
}

function parsed(text: string): unknown {
  if (text.length > ANSWER_CHARACTERS_MAX) throw new Error(`identity answered with ${text.length} characters.`);
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Throws where it is no set of keys; what it says of sessions beyond that is read as far as it can be. */
function readPublished(body: unknown): PublishedKeys {
  const {keys, ended_sessions: ended} = (body ?? {}) as {readonly keys?: unknown; readonly ended_sessions?: unknown};
  if (!Array.isArray(keys)) throw new Error('identity answered with what is no set of keys.');
  const sessions: readonly unknown[] = Array.isArray(ended) ? ended : [];
  return {keys, ended_sessions: sessions.filter((session): session is string => typeof session === 'string')};
}
