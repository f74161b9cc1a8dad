import {createAuth} from './auth.default.ts';
import type {Auth, AuthRequest} from './auth.ts';
import {createAuthTools} from './auth-tools.ts';
import {Problem} from './problem.ts';
import type {Kit} from './service.ts';
import {bearerToken, unauthorized} from './verify-access-token.ts';

/** A request of the kit's server, as far as it tells who sent it. */
export interface Incoming {
  readonly method: string;
  readonly url: string;
  readonly headers: AuthRequest['headers'] & {readonly authorization?: string | undefined};
}

export interface AccessTokens {
  /** The account that sent the request. Throws a problem: 401, or 503 when nobody can tell. */
  account(request: Incoming): Promise<string>;
}

/** Who sends requests to this service, as its seam `auth` tells it. */
export async function openAccessTokens(kit: Kit, audience: string): Promise<AccessTokens> {
  const create = await kit.seam('auth', 'createAuth', createAuth);
  return accessTokens(create(createAuthTools(kit, audience)), kit);
}

export function accessTokens(auth: Auth, {log}: Pick<Kit, 'log'>): AccessTokens {
  return {
    async account({method, url, headers}) {
      const token = bearerToken(headers.authorization);
      const found = await toldBy(async () => auth.authenticate({method, path: url, headers, token}));
      if (isText(found, 'account')) return found.account;
      if (isText(found, 'refused')) throw unauthorized(found.refused);
      throw new Error('The seam `auth` told neither an account nor why the request is refused.');
    },
  };

  async function toldBy(ask: () => Promise<unknown>): Promise<unknown> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof Problem) throw error;
      log.warn({err: error}, 'nobody can tell who sent a request');
      const detail = 'The token cannot be checked at the moment.';
      throw new Problem({status: 503, kind: 'auth-unavailable', detail, headers: {'retry-after': '1'}});
    }
  }
}

function isText<N extends string>(found: unknown, name: N): found is Record<N, string> {
  if (typeof found !== 'object' || found === null) return false;
  const value = (found as Record<string, unknown>)[name];
  return typeof value === 'string' && value !== '';
}
