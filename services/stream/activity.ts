import {Type} from 'typebox';
import type {AccessTokens} from '../kit/access-tokens.ts';
import type {Broker, Message} from '../kit/broker.ts';
import {newId} from '../kit/ids.ts';
import {Problem} from '../kit/problem.ts';
import type {App} from '../kit/server.ts';
import type {Kit} from '../kit/service.ts';
import {SIGNED_IN} from '../kit/signed-in.ts';
import {orUnavailable} from './broker-problems.ts';
import {type Intake, takeIn} from './intake.ts';
import {sendPosition} from './positions.ts';
import type {ActivityData} from './project-activity.ts';
import type {Partition} from './seams/partition.ts';
import type {ReadModel} from './seams/projection.ts';
import type {Spending} from './spend-quota.ts';
import {ACTIVITY} from './streams.ts';

export interface ActivityParts {
  readonly kit: Kit;
  readonly broker: Broker;
  readonly tokens: AccessTokens;
  readonly intake: Intake;
  readonly spending: Spending;
  readonly reads: Pick<ReadModel, 'written'>;
  readonly keyOf: Partition['key'];
}

const EVENTS_MAX = 500;
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

/** `POST /v1/activity`: one event, or a batch. Accepted is what the broker has; an event that is sent again with its id changes nothing. */
export function serveActivity(app: App, {kit, broker, tokens, intake, spending, keyOf, reads}: ActivityParts): void {
  const {clock, contexts} = kit;

  app.post(
    '/v1/activity',
    {
      onRequest: takeIn(intake),
      config: {problems: [429]},
      schema: {
        summary: 'Report activity',
        security: SIGNED_IN,
        body: Type.Union([NewEvent, NewEvents]),
        response: {202: Accepted},
      },
    },
    async (request, reply) => {
      const account = await tokens.account(request);
      const now = clock.now();
      const raw = 'events' in request.body ? request.body.events : [request.body];
      const events = raw.map(
        ({id = newId(clock), kind, at}): ActivityData => ({id, account, kind, at: eventTime(at, now)}),
      );
      await spending.spend(account, events.length);
      const {traceparent = ''} = contexts.outgoing();
      await orUnavailable(
        broker.publish(
          ACTIVITY,
          events.map(event => toMessage(event, keyOf(event), traceparent)),
        ),
      );
      const ids = events.map(({id}) => id);
      sendPosition(reply, reads.written({account, ids}));
      return reply.code(202).send({ids});
    },
  );
}

/** An event's id is the account's own business: no account can take another one's ids away. */
function toMessage(data: ActivityData, key: string, traceparent: string): Message {
  return {id: `${data.account}/${data.id}`, key, type: 'activity.reported', data, headers: {traceparent}};
}

function eventTime(raw: string | undefined, now: number): string {
  const time = raw === undefined ? now : Date.parse(raw);
  if (Number.isNaN(time) || time < 0 || time > now + FUTURE_MAX_MS) {
    throw new Problem({status: 400, kind: 'validation-failed', detail: '`at` must be a time of the past, after 1970.'});
  }
  return new Date(time).toISOString();
}
