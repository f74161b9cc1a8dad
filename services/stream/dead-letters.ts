import {Type} from 'typebox';
import type {AccessTokens} from '../kit/access-tokens.ts';
import type {Broker, DeadLetter} from '../kit/broker.ts';
import {NoDeadLetterError} from '../kit/broker-parts/no-dead-letter-error.ts';
import {Problem} from '../kit/problem.ts';
import type {App} from '../kit/server.ts';
import {SIGNED_IN} from '../kit/signed-in.ts';
import {orUnavailable} from './broker-problems.ts';
import {decodeCursor, encodeCursor} from './cursor.ts';
import {ACTIVITY, GROUP, IDENTITY_EVENTS} from './streams.ts';

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 200;

const Stream = Type.Union([Type.Literal(IDENTITY_EVENTS), Type.Literal(ACTIVITY)]);
const Item = Type.Object({
  id: Type.String(),
  stream: Stream,
  position: Type.Integer(),
  reason: Type.String(),
  at: Type.String({format: 'date-time'}),
  message: Type.Object({id: Type.String(), key: Type.String(), type: Type.String(), data: Type.Unknown()}),
});
const Page = Type.Object({items: Type.Array(Item), next: Type.Union([Type.String(), Type.Null()])});
const Query = Type.Object({
  stream: Type.Optional(Stream),
  limit: Type.Integer({minimum: 1, maximum: LIMIT_MAX, default: LIMIT_DEFAULT}),
  cursor: Type.Optional(Type.String({maxLength: 500})),
});
const One = Type.Object(
  {stream: Stream, id: Type.String({minLength: 1, maxLength: 200})},
  {additionalProperties: false},
);
const All = Type.Object({stream: Stream, all: Type.Literal(true)}, {additionalProperties: false});
const Redriven = Type.Object({ids: Type.Array(Type.String())});

/** What this service gave up on, and a way to try it again. The letters of other groups are their own business. */
export function serveDeadLetters(
  app: App,
  {broker, tokens}: {readonly broker: Broker; readonly tokens: AccessTokens},
): void {
  async function lettersOf(stream: string): Promise<readonly DeadLetter[]> {
    return (await orUnavailable(broker.deadLetters(stream))).filter(({group}) => group === GROUP);
  }

  const listing = {
    summary: 'Messages that were given up on',
    security: SIGNED_IN,
    querystring: Query,
    response: {200: Page},
  };
  app.get('/v1/dead-letters', {schema: listing}, async request => {
    await tokens.account(request);
    const {stream, limit, cursor} = request.query;
    const after = cursor === undefined ? '' : placeOf(decodeCursor(cursor));
    const all = await Promise.all((stream === undefined ? [IDENTITY_EVENTS, ACTIVITY] : [stream]).map(lettersOf));
    const rest = all
      .flat()
      .map(letter => ({letter, place: placeOf({at: time(letter.at), eventId: nameOf(letter)})}))
      .filter(({place}) => place > after)
      .sort((a, b) => (a.place < b.place ? -1 : 1))
      .map(({letter}) => letter);
    const shown = rest.slice(0, limit);
    const last = shown.at(-1);
    return {
      items: shown.map(toItem),
      next: rest.length > limit && last ? encodeCursor({at: time(last.at), eventId: nameOf(last)}) : null,
    };
  });

  const redriving = {
    summary: 'Try one again, or all of a stream; one that was tried again before is not tried twice',
    security: SIGNED_IN,
    body: Type.Union([One, All]),
    response: {202: Redriven},
  };
  app.post('/v1/dead-letters', {config: {problems: [404]}, schema: redriving}, async (request, reply) => {
    await tokens.account(request);
    const {body} = request;
    const ids = 'id' in body ? [ownId(body.id)] : (await lettersOf(body.stream)).map(({id}) => id);
    for (const id of ids) await orUnavailable(broker.redrive(body.stream, id)).catch(toProblem);
    return reply.code(202).send({ids});
  });
}

function ownId(id: string): string {
  if (id.endsWith(`@${GROUP}`)) return id;
  throw notThere(`There is no dead letter ${id} here.`);
}

function toProblem(error: unknown): never {
  throw error instanceof NoDeadLetterError ? notThere(error.message) : error;
}

function notThere(detail: string): Problem {
  return new Problem({status: 404, kind: 'no-dead-letter', detail});
}

/** By time, then by name: a text that sorts. */
function placeOf({at, eventId}: {readonly at: string; readonly eventId: string}): string {
  return `${at} ${eventId}`;
}

function nameOf({stream, id}: DeadLetter): string {
  return `${stream}/${id}`;
}

function time(at: number): string {
  return new Date(at).toISOString();
}

function toItem({id, stream, position, reason, at, message}: DeadLetter) {
  const {id: messageId, key, type, data} = message;
  return {
    id,
    stream: stream === ACTIVITY ? (ACTIVITY as typeof ACTIVITY) : (IDENTITY_EVENTS as typeof IDENTITY_EVENTS),
    position,
    reason,
    at: time(at),
    message: {id: messageId, key, type, data},
  };
}
