import {Type} from 'typebox';
import type {AccessTokens} from '../kit/access-tokens.ts';
import {newId} from '../kit/ids.ts';
import {sqlState} from '../kit/postgres-errors.ts';
import {Problem} from '../kit/problem.ts';
import type {App} from '../kit/server.ts';
import type {Kit} from '../kit/service.ts';
import {SIGNED_IN} from '../kit/signed-in.ts';
import type {Wake} from '../kit/wake.ts';
import {decodeCursor, encodeCursor} from './cursor.ts';
import type {Projections} from './projections.ts';
import {createTables, findReplays, type Replay} from './replay-store.ts';

const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 100;
const UNIQUE_VIOLATION = '23505';

const Time = Type.String({format: 'date-time'});
const Name = Type.Union([Type.Literal('accounts'), Type.Literal('activity')]);
const State = Type.Union([Type.Literal('running'), Type.Literal('done'), Type.Literal('failed')]);
const ReplayBody = Type.Object({
  id: Type.String(),
  projection: Name,
  from: Type.Integer(),
  state: State,
  position: Type.Integer(),
  events: Type.Integer(),
  reason: Type.Union([Type.String(), Type.Null()]),
  createdAt: Time,
  endedAt: Type.Union([Time, Type.Null()]),
});
const Page = Type.Object({items: Type.Array(ReplayBody), next: Type.Union([Type.String(), Type.Null()])});
const NewReplay = Type.Object(
  {projection: Name, from: Type.Integer({minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: 0})},
  {additionalProperties: false},
);
const Headers = Type.Object({'idempotency-key': Type.Optional(Type.String({minLength: 1, maxLength: 200}))});
const Query = Type.Object({
  limit: Type.Integer({minimum: 1, maximum: LIMIT_MAX, default: LIMIT_DEFAULT}),
  cursor: Type.Optional(Type.String({maxLength: 500})),
});

interface ReplayParts {
  readonly kit: Kit;
  readonly tokens: AccessTokens;
  readonly wake: Wake;
  readonly projections: Projections;
}

/**
 * Builds a projection again from what was published after a position (0: all), in tables beside those that are read. When it has caught up it takes
 * their place in one transaction; until then they are kept up to date and read as ever.
 */
export function serveReplays(app: App, {kit, tokens, wake, projections}: ReplayParts): void {
  const {clock, database} = kit;

  const starting = {
    summary: 'Rebuild a projection beside the one that is read',
    headers: Headers,
    security: SIGNED_IN,
    body: NewReplay,
    response: {202: ReplayBody},
  };
  app.post('/v1/replays', {config: {problems: [409, 422]}, schema: starting}, async (request, reply) => {
    await tokens.account(request);
    const key = request.headers['idempotency-key'] ?? null;
    const {projection, from} = request.body;
    const known = await findByKey(key);
    if (known !== undefined) return reply.code(202).send(sameRequest(known, request.body));
    const id = newId(clock);
    try {
      await database.transaction(async transaction => {
        await transaction.query(
          `insert into replays (id, idempotency_key, projection, from_position, position, state)
           values ($1, $2, $3, $4, $4, 'running')`,
          [id, key, projection, from],
        );
        await createTables(transaction, projections[projection].projection.tables);
      });
    } catch (error) {
      if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
      // Whoever sent the same key may have been faster.
      const faster = await findByKey(key);
      if (faster !== undefined) return reply.code(202).send(sameRequest(faster, request.body));
      throw new Problem({
        status: 409,
        kind: 'replay-running',
        detail: `A replay of ${projection} is running; there is one at a time.`,
      });
    }
    wake.wake();
    return reply.code(202).send(await findById(id));
  });

  const byId = {
    summary: 'How far a replay is',
    security: SIGNED_IN,
    params: Type.Object({id: Type.String({maxLength: 100})}),
  };
  app.get(
    '/v1/replays/:id',
    {config: {problems: [404]}, schema: {...byId, response: {200: ReplayBody}}},
    async request => {
      await tokens.account(request);
      return findById(request.params.id);
    },
  );

  const listing = {
    summary: 'Replays, the newest first',
    security: SIGNED_IN,
    querystring: Query,
    response: {200: Page},
  };
  app.get('/v1/replays', {schema: listing}, async request => {
    await tokens.account(request);
    const {limit, cursor} = request.query;
    const after = cursor === undefined ? undefined : decodeCursor(cursor);
    const found = await findReplays(
      database,
      `where $1::timestamptz is null or (date_trunc('milliseconds', created_at), id) < ($1, $2)
       order by date_trunc('milliseconds', created_at) desc, id desc limit $3`,
      [after?.at ?? null, after?.eventId ?? null, limit + 1],
    );
    const items = found.slice(0, limit);
    const last = items.at(-1);
    const isMore = found.length > limit && last !== undefined;
    return {items: [...items], next: isMore ? encodeCursor({at: last.createdAt, eventId: last.id}) : null};
  });

  async function findByKey(key: string | null): Promise<Replay | undefined> {
    return key === null ? undefined : (await findReplays(database, 'where idempotency_key = $1', [key]))[0];
  }

  async function findById(id: string): Promise<Replay> {
    const [found] = await findReplays(database, 'where id = $1', [id]);
    if (found !== undefined) return found;
    throw new Problem({status: 404, kind: 'no-replay', detail: `There is no replay ${id}.`});
  }
}

function sameRequest(known: Replay, {projection, from}: {projection: string; from: number}): Replay {
  if (known.projection === projection && known.from === from) return known;
  throw new Problem({
    status: 422,
    kind: 'idempotency-key-reused',
    detail: 'This Idempotency-Key was used for a request with another payload.',
  });
}
