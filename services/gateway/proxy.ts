import type {FastifyReply, FastifyRequest} from 'fastify';
import type {AccessTokens} from '../kit/access-tokens.ts';
import type {Clock} from '../kit/clock.ts';
import type {LinkAnswer} from '../kit/links.ts';
import type {App} from '../kit/server.ts';
import {SIGNED_IN} from '../kit/signed-in.ts';
import type {Collapser} from './collapse.ts';
import type {InFlight} from './in-flight.ts';
import {clientOf} from './limit-clients.ts';
import {callerDeadline, holdPlace, PatienceHeaders} from './request-bounds.ts';
import {requireAccount} from './require-account.ts';
import type {Route} from './seams/routes.ts';
import type {Turns} from './turns.ts';
import type {Upstreams} from './upstreams.ts';

export interface ProxyTools {
  readonly upstreams: Upstreams;
  readonly tokens: AccessTokens;
  readonly inFlight: InFlight;
  readonly turnsOf: (service: string) => Turns;
  readonly collapser: Collapser;
  readonly clock: Clock;
}

/** What goes on to an upstream. Nothing else does: a client cannot claim an identity by a header that a service trusts. */
const REQUEST_HEADERS = [
  'accept',
  'accept-language',
  'authorization',
  'content-type',
  'idempotency-key',
  'if-match',
  'if-none-match',
  'prefer',
  'x-client-id',
  'x-release',
  'x-position',
] as const;
/** By then whoever waits in a full queue has mostly had a turn, on two cores; what waits longer is refused, so that its caller knows. */
const TURN_WITHIN_MS = 4_000;
/** Belong to one connection, not to the answer (RFC 9110, 7.6.1). */
const HOP_HEADERS = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-trace-id',
]);

/** Serves the routes of a table by passing requests on and answers back, as they are. */
export async function serveRoutes(app: App, routes: readonly Route[], tools: ProxyTools): Promise<void> {
  await app.register(async scope => {
    // Bodies are the upstream's to read and to refuse.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', {parseAs: 'buffer'}, (_request, body, done) => done(null, body));
    for (const route of routes) {
      scope.route({
        method: route.method,
        url: route.path,
        config: {problems: problemsOf(route)},
        schema: {
          summary: route.summary,
          tags: [route.service],
          headers: PatienceHeaders,
          ...(route.signedIn ? {security: SIGNED_IN} : {}),
        },
        onRequest: route.signedIn ? [requireAccount(tools.tokens, route.own)] : [],
        handler: (request, reply) => {
          const asked = {route, request, reply, deadline: callerDeadline(request, tools.clock)};
          const pass = () => holdPlace(tools.inFlight, reply, () => passOn(asked, tools));
          return route.takesTurns === true ? inTurn(asked, tools, pass) : pass();
        },
      });
    }
  });
}

interface Asked {
  readonly route: Route;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** When the caller stops waiting, unix ms. */
  readonly deadline: number;
}

/** What a route can be refused with, besides what every route can. */
function problemsOf({own, takesTurns}: Route): readonly number[] {
  return [...(own === undefined ? [] : [403]), ...(takesTurns === true ? [429] : []), 502];
}

/** Passes a request on when it is its turn. Until then it has no place among those in flight, so that others can. */
async function inTurn<T>(
  {route, request, reply, deadline}: Asked,
  {turnsOf, clock}: ProxyTools,
  pass: () => Promise<T>,
): Promise<T> {
  const gone = new AbortController();
  const go = (): void => gone.abort();
  if (reply.raw.destroyed) go();
  else reply.raw.once('close', go);
  const withinMs = Math.min(TURN_WITHIN_MS, Math.max(0, deadline - clock.now()));
  const end = await turnsOf(route.service).take(clientOf(request), {withinMs, gone: gone.signal});
  try {
    return await pass();
  } finally {
    end();
  }
}

async function passOn(
  {route, request, reply, deadline}: Asked,
  {upstreams, collapser}: ProxyTools,
): Promise<FastifyReply> {
  const body = Buffer.isBuffer(request.body) ? {body: request.body} : {};
  try {
    const answer = await upstreams.call(route.service, {
      method: route.method,
      path: request.url,
      headers: requestHeaders(request),
      deadline,
      ...body,
    });
    return sendAnswer(answer, reply);
  } finally {
    // Whatever came of it, it may have changed something that its sender is to see from now on.
    if (route.method !== 'GET') collapser.forget(request.headers.authorization ?? '');
  }
}

function sendAnswer({status, headers, body}: LinkAnswer, reply: FastifyReply): FastifyReply {
  // An answer that breaks off half-way breaks the caller's connection: no part of it may pass for all of it.
  body.once('error', () => reply.raw.destroy());
  reply.raw.once('close', () => body.destroy());
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !HOP_HEADERS.has(name)) reply.header(name, value);
  }
  return reply.code(status).send(body);
}

function requestHeaders({headers}: FastifyRequest): Record<string, string> {
  const kept = REQUEST_HEADERS.map(name => [name, headers[name]] as const);
  return Object.fromEntries(
    kept.filter((entry): entry is readonly [(typeof entry)[0], string] => typeof entry[1] === 'string'),
  );
}
