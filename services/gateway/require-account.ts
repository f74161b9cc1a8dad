import type {FastifyRequest, onRequestAsyncHookHandler} from 'fastify';
import type {AccessTokens} from '../kit/access-tokens.ts';
import {Problem} from '../kit/problem.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The signed-in account; empty on routes that need none. */
    account: string;
  }
}

/** A hook that lets only signed-in callers pass and, where `own` names a path parameter, only to what is their own. */
export function requireAccount(tokens: AccessTokens, own?: string): onRequestAsyncHookHandler {
  return async request => {
    request.account = await tokens.account(request);
    if (own !== undefined && parameter(request, own) !== request.account) {
      throw new Problem({status: 403, kind: 'not-yours', detail: 'This belongs to another account.'});
    }
  };
}

function parameter({params}: FastifyRequest, name: string): unknown {
  return (params as Readonly<Record<string, unknown>>)[name];
}
