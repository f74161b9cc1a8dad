import type {FastifyReply, FastifyRequest} from 'fastify';
import {Type} from 'typebox';
import type {ProxyTools} from './proxy.ts';
import {callerDeadline, holdPlace, PATIENCE_RANGE_MS} from './request-bounds.ts';
import type {UpstreamCall} from './seams/compose.ts';
import {UpstreamStatusError, upstreamProblem} from './upstream-errors.ts';

/** Who looks at a page waits less long than who waits for a single answer. */
const PATIENCE_DEFAULT_MS = 2_000;

export const PagePatience = Type.Object({
  'x-patience-ms': Type.Integer({...PATIENCE_RANGE_MS, default: PATIENCE_DEFAULT_MS}),
});

/** Answers with a page that `make` puts together from several services while its caller waits: `patienceMs` from now on. */
export function composePage<P>(
  request: FastifyRequest,
  reply: FastifyReply,
  tools: ProxyTools,
  make: (patienceMs: number, calls: UpstreamCall) => Promise<P>,
): Promise<P> {
  const {inFlight, clock} = tools;
  return holdPlace(inFlight, reply, async () => {
    const deadline = callerDeadline(request, clock);
    const calls = callsOf(request, deadline, tools);
    try {
      const page = await make(Math.max(0, deadline - clock.now()), calls);
      reply.header('cache-control', 'no-store');
      return page;
    } catch (error) {
      throw error instanceof UpstreamStatusError ? upstreamProblem(error.service, error) : error;
    }
  });
}

/** Reads for a page. Equal ones of one client share a call: whoever loads a page twice at once does not ask the services twice. */
function callsOf({headers}: FastifyRequest, deadline: number, {upstreams, collapser}: ProxyTools): UpstreamCall {
  const client = headers.authorization ?? '';
  const rawClient = headers['x-client-id'];
  const sent: Record<string, string> =
    typeof rawClient === 'string'
      ? {accept: 'application/json', 'x-client-id': rawClient}
      : {accept: 'application/json'};

  async function getText(service: string, path: string, signal: AbortSignal): Promise<string> {
    const answer = await upstreams.call(service, {method: 'GET', path, headers: sent, deadline, signal});
    if (answer.status < 200 || answer.status > 299) {
      answer.body.destroy();
      throw new UpstreamStatusError(service, answer.status);
    }
    return answer.body.text();
  }

  return {
    async get(service, path, options) {
      const read = {client, what: `${service} ${path}`, deadline, signal: options?.signal};
      return JSON.parse(await collapser.read(read, signal => getText(service, path, signal)));
    },
  };
}
