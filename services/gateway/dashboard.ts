import {Type} from 'typebox';
import {Problem} from '../kit/problem.ts';
import type {App} from '../kit/server.ts';
import {SIGNED_IN} from '../kit/signed-in.ts';
import type {ProxyTools} from './proxy.ts';
import {callerDeadline, holdPlace, PATIENCE_RANGE_MS} from './request-bounds.ts';
import {requireAccount} from './require-account.ts';
import type {Compose, UpstreamCall} from './seams/compose.ts';
import {UpstreamStatusError, upstreamProblem} from './upstream-errors.ts';
import type {Upstreams} from './upstreams.ts';

const PATIENCE_DEFAULT_MS = 2_000;
const PARTS = 3;

const Headers = Type.Object({
  'x-patience-ms': Type.Integer({...PATIENCE_RANGE_MS, default: PATIENCE_DEFAULT_MS}),
});
const Part = Type.Union([Type.Literal('account'), Type.Literal('activity'), Type.Literal('windows')]);
const Page = Type.Object({
  account: Type.Unknown(),
  activity: Type.Unknown(),
  windows: Type.Unknown(),
  missing: Type.Array(Part),
});

/** `GET /v1/dashboard`: one page from several services, with what could be had within the caller's patience (`x-patience-ms`). */
export function serveDashboard(app: App, compose: Compose, {upstreams, tokens, inFlight, clock}: ProxyTools): void {
  const schema = {
    summary: 'Account, activity and windows on one page',
    tags: ['gateway'],
    security: SIGNED_IN,
    headers: Headers,
    response: {200: Page},
  };
  app.get('/v1/dashboard', {config: {problems: [502]}, schema, onRequest: [requireAccount(tokens)]}, (request, reply) =>
    holdPlace(inFlight, reply, async () => {
      const patienceMs = request.headers['x-patience-ms'] ?? PATIENCE_DEFAULT_MS;
      const deadline = callerDeadline(request, clock);
      const tools = callsOf(upstreams, deadline, request.headers['x-client-id']);
      const page = await compose(
        {account: request.account, patienceMs: Math.max(0, Math.min(patienceMs, deadline - clock.now()))},
        tools,
      );
      if (page.missing.length >= PARTS) throw nothingToShow();
      return reply.header('cache-control', 'no-store').send({...page, missing: [...page.missing]});
    }),
  );
}

function nothingToShow(): Problem {
  const detail = 'No part of the page can be had at the moment.';
  return new Problem({status: 503, kind: 'nothing-to-show', detail, headers: {'retry-after': '1'}});
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
        throw upstreamProblem(service, new UpstreamStatusError(service, answer.status));
      }
      return answer.body.json();
    },
  };
}
