import {Type} from 'typebox';
import type {AccessTokens} from '../kit/access-tokens.ts';
import type {Broker, Message} from '../kit/broker.ts';
import {newId} from '../kit/ids.ts';
import {Problem} from '../kit/problem.ts';
import type {App} from '../kit/server.ts';
import type {Kit} from '../kit/service.ts';
import {orUnavailable} from './broker-problems.ts';
import {decodeCursor, encodeCursor} from './cursor.ts';
import type {ActivityData} from './project-activity.ts';
import {ACTIVITY} from './streams.ts';

export interface ActivityParts {
  readonly kit: Kit;
  readonly broker: Broker;
  readonly tokens: AccessTokens;
}

const EVENTS_MAX = 500;
const PAGE_DEFAULT = 20;
const PAGE_MAX = 100;
/** Clocks differ; an event from further in the future than this is refused, or it would sit on top of every list for long. */
const FUTURE_MAX_MS = 60_000;

/** No control characters, and no halves of surrogate pairs: neither can be stored as it came. */
const PRINTABLE = '^[^\\u0000-\\u001f\\u007f\\ud800-\\udfff]*$';
const NewEvent = Type.Object(
  {
    id: Type.Optional(Type.String({minLength: 1, maxLength: 100, pattern: PRINTABLE})),
    kind: Type.String({minLength: 1, maxLength: 60, pattern: PRINTABLE}),
    at: Type.Optional(Type.String({format: 'date-time'})),
  },
  {additionalProperties: false},
);
const NewEvents = Type.Object(
  {events: Type.Array(NewEvent, {minItems: 1, maxItems: EVENTS_MAX})},
  {additionalProperties: false},
);
const Accepted = Type.Object({ids: Type.Array(Type.String())});
const Item = Type.Object({id: Type.String(), kind: Type.String(), at: Type.String({format: 'date-time'})});
const Page = Type.Object({items: Type.Array(Item), next: Type.Union([Type.String(), Type.Null()])});
const PageQuery = Type.Object({
  limit: Type.Integer({minimum: 1, maximum: PAGE_MAX, default: PAGE_DEFAULT}),
  cursor: Type.Optional(Type.String({maxLength: 500})),
});
const AccountPath = Type.Object({account: Type.String({minLength: 1, maxLength: 200})});

export function serveActivity(app: App, {kit, broker, tokens}: ActivityParts): void {
  const {clock, contexts, database} = kit;

  app.post(
    '/v1/activity',
    {schema: {body: Type.Union([NewEvent, NewEvents]), response: {202: Accepted}}},
    async (request, reply) => {
      const account = await tokens.account(request.headers.authorization);
      const now = clock.now();
      const raw = 'events' in request.body ? request.body.events : [request.body];
      const events = raw.map(
        ({id = newId(clock), kind, at}): ActivityData => ({id, account, kind, at: eventTime(at, now)}),
      );
      const {traceparent = ''} = contexts.outgoing();
      await orUnavailable(
        broker.publish(
          ACTIVITY,
          events.map(event => toMessage(event, traceparent)),
        ),
      );
      return reply.code(202).send({ids: events.map(({id}) => id)});
    },
  );

  const schema = {params: AccountPath, querystring: PageQuery, response: {200: Page}};
  app.get('/v1/activity/:account', {schema}, async request => {
    const {account} = request.params;
    if ((await tokens.account(request.headers.authorization)) !== account) {
      throw new Problem({status: 403, kind: 'not-yours', detail: 'This belongs to another account.'});
    }
    const {limit, cursor} = request.query;
    const after = cursor === undefined ? undefined : decodeCursor(cursor);
    const rows = await database.query<{event_id: string; id: string; kind: string; at: Date}>(
      `select event_id, id, kind, at from activity
       where account = $1 and ($2::timestamptz is null or (at, event_id) < ($2, $3)) order by at desc, event_id desc limit $4`,
      [account, after?.at ?? null, after?.eventId ?? null, limit + 1],
    );
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    return {
      items: items.map(({id, kind, at}) => ({id, kind, at: at.toISOString()})),
      next:
        rows.length > limit && last !== undefined
          ? encodeCursor({at: last.at.toISOString(), eventId: last.event_id})
          : null,
    };
  });
}

/** An event's id is the account's own business: no account can take another one's ids away. */
function toMessage(data: ActivityData, traceparent: string): Message {
  return {id: `${data.account}/${data.id}`, key: data.account, type: 'activity.reported', data, headers: {traceparent}};
}

function eventTime(raw: string | undefined, now: number): string {
  const time = raw === undefined ? now : Date.parse(raw);
  if (Number.isNaN(time) || time < 0 || time > now + FUTURE_MAX_MS) {
    throw new Problem({status: 400, kind: 'validation-failed', detail: '`at` must be a time of the past, after 1970.'});
  }
  return new Date(time).toISOString();
}
