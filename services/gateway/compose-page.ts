import type {FastifyReply, FastifyRequest} from 'fastify';
import {Type} from 'typebox';
import type {ProxyTools} from './proxy.ts';
import {callerDeadline, holdPlace, PATIENCE_RANGE_MS} from './request-bounds.ts';
import type {UpstreamCall} from './seams/compose.ts';
import {UpstreamStatusError, upstreamProblem} from './upstream-errors.ts';
import type {Upstreams} from './upstreams.ts';

/** Who looks at a page waits less long than who waits for a single answer. */
const PATIENCE_DEFAULT_MS = 2_000;

export const PagePatience = Type.Object({
  'x-patience-ms': Type.Integer({...PATIENCE_RANGE_MS, default: PATIENCE_DEFAULT_MS}),
});

/** Answers with a page that `make` puts together from several services while its caller waits: `patienceMs` from now on. */
export function composePage<P>(
  request: FastifyRequest,
  reply: FastifyReply,
  {upstreams, inFlight, clock}: ProxyTools,
  make: (patienceMs: number, calls: UpstreamCall) => Promise<P>,
): Promise<P> {
  return holdPlace(inFlight, reply, async () => {
    const deadline = callerDeadline(request, clock);
    const calls = callsOf(upstreams, deadline, request.headers['x-client-id']);
    try {
      const page = await make(Math.max(0, deadline - clock.now()), calls);
      reply.header('cache-control', 'no-store');
      return page;
    } catch (error) {
      throw error instanceof UpstreamStatusError ? upstreamProblem(error.service, error) : error;
    }
  });
}

function callsOf(upstreams: Upstreams, deadline: number, rawClient: unknown): UpstreamCall {
  const headers: Record<string, string> =
    typeof rawClient === 'string'
      ? {accept: 'application/json', 'x-client-id': rawClient}
      : {accept: 'application/json'};
  return {
    async get(service, path, options) {
      const signal = options?.signal === undefined ? {} : {signal: options.signal};
      const answer = await upstreams.call(service, {method: 'GET', path, headers, deadline, ...signal});
      if (answer.status < 200 || answer.status > 299) {
        answer.body.destroy();
        throw new UpstreamStatusError(service, answer.status);
      }
      return answer.body.json();
    },
  };
}
