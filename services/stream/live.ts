import type {ServerResponse} from 'node:http';
import {Type} from 'typebox';
import type {AccessTokens} from '../kit/access-tokens.ts';
import {Problem} from '../kit/problem.ts';
import type {App} from '../kit/server.ts';
import type {Kit} from '../kit/service.ts';
import {SIGNED_IN} from '../kit/signed-in.ts';
import type {LiveEvent, LiveFeed, Reader} from './live-feed.ts';

const READERS_MAX = 500;
/** A token is looked at when a reader comes: it has to come again now and then. */
const LIFE_MAX_MS = 600_000;
/** How long clients wait before they come back. */
const RETRY_MS = 1_000;

const Headers = Type.Object({
  'last-event-id': Type.Optional(Type.String({pattern: '^\\d{1,15}$', description: 'Go on behind this event'})),
});

/**
 * `GET /v1/live`: what the account of the token does, as server-sent events, in order. An event's id is its position; whoever comes back with the
 * last one it got gets what is behind it, neither less nor twice, from any replica. The first event has no data but an id to come back with.
 */
export function serveLive(
  app: App,
  kit: Kit,
  {feed, tokens}: {readonly feed: LiveFeed; readonly tokens: AccessTokens},
): void {
  const schema = {
    summary: 'What the account of the token does, as it happens',
    headers: Headers,
    security: SIGNED_IN,
    produces: ['text/event-stream'],
    response: {200: Type.String({description: 'Server-sent events'})},
  };
  app.get('/v1/live', {schema}, async (request, reply) => {
    const account = await tokens.account(request);
    if (kit.draining.aborted || feed.size >= READERS_MAX) throw tooMany();
    const lastId = request.headers['last-event-id'];
    const after = lastId === undefined ? await newestPosition(kit, account) : Number(lastId);
    if (kit.draining.aborted || reply.raw.destroyed) throw tooMany();
    reply.hijack();
    stream(kit, feed, {account, after, response: reply.raw, headers: reply.getHeaders()});
  });
}

function stream(
  {clock, log}: Kit,
  feed: LiveFeed,
  {
    account,
    after,
    response,
    headers,
  }: {account: string; after: number; response: ServerResponse; headers: Readonly<Record<string, unknown>>},
): void {
  const life = new AbortController();
  const reader: Reader = {
    account,
    after,
    send: ({position, ...event}) => response.write(toText(position, 'activity', event)),
    beat: () => response.write(': still here\n\n'),
    cut(reason) {
      log.info({reason}, 'a live reader was cut');
      // One that takes nothing would never see the end.
      if (response.writableNeedDrain) response.destroy();
      else response.end();
    },
  };
  response.writeHead(200, {
    ...(headers as Record<string, string>),
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  response.write(`retry: ${RETRY_MS}\n${toText(after, 'ready', {})}`);
  const place = feed.add(reader);
  response.on('drain', place.drained);
  response.on('error', () => undefined);
  response.once('close', () => {
    place.remove();
    life.abort();
  });
  clock.sleep(LIFE_MAX_MS, life.signal).then(
    () => response.end(),
    () => undefined,
  );
}

function toText(position: number, event: string, data: Partial<LiveEvent>): string {
  return `id: ${position}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

async function newestPosition({database}: Kit, account: string): Promise<number> {
  const [row] = await database.query<{position: string | null}>(
    'select max(position) as position from activity where account = $1',
    [account],
  );
  return Number(row?.position ?? 0);
}

function tooMany(): Problem {
  const detail = 'No more live readers can be served here at the moment.';
  return new Problem({status: 503, kind: 'overloaded', detail, headers: {'retry-after': '1'}});
}
