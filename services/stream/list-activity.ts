import {Type} from 'typebox';
import type {AccessTokens, Incoming} from '../kit/access-tokens.ts';
import {Problem} from '../kit/problem.ts';
import type {App} from '../kit/server.ts';
import type {Kit} from '../kit/service.ts';
import {SIGNED_IN} from '../kit/signed-in.ts';
import {decodeCursor, encodeCursor} from './cursor.ts';
import {decodePosition, POSITION_HEADER, PositionHeaders, sendPosition} from './positions.ts';
import type {ReadModel} from './seams/projection.ts';

const PAGE_DEFAULT = 20;
const PAGE_MAX = 100;

const Time = Type.String({format: 'date-time'});
const Item = Type.Object({id: Type.String(), kind: Type.String(), at: Time});
const LateItem = Type.Object({...Item.properties, clock: Type.Union([Time, Type.Null()])});
const Next = Type.Union([Type.String(), Type.Null()]);
const PageQuery = Type.Object({
  limit: Type.Integer({minimum: 1, maximum: PAGE_MAX, default: PAGE_DEFAULT}),
  cursor: Type.Optional(Type.String({maxLength: 500})),
});
const AccountPath = Type.Object({account: Type.String({minLength: 1, maxLength: 200})});

interface LateRow extends Readonly<Record<string, unknown>> {
  readonly event_id: string;
  readonly id: string;
  readonly kind: string;
  readonly at: Date;
  readonly clock: Date | null;
}

/** A read that waits holds a place at the gateway, which gives up on it after 3 s. */
const WAIT_MAX_MS = 2_500;
/** Kept of the caller's patience for sending the answer. */
const ANSWER_MS = 100;

/** What an account did, and what of it came too late to be counted in windows: the newest first. */
export function listActivity(
  app: App,
  {kit, tokens, reads}: {readonly kit: Kit; readonly tokens: AccessTokens; readonly reads: ReadModel},
): void {
  const common = {params: AccountPath, querystring: PageQuery, security: SIGNED_IN};
  const config = {problems: [403]};

  async function refuseStrangers(request: Incoming & {readonly params: {readonly account: string}}): Promise<void> {
    if ((await tokens.account(request)) !== request.params.account)
      throw new Problem({status: 403, kind: 'not-yours', detail: 'This belongs to another account.'});
  }

  async function readLate(
    request: Incoming & {
      readonly params: {readonly account: string};
      readonly query: {readonly limit: number; readonly cursor?: string};
    },
  ): Promise<{readonly rows: readonly LateRow[]; readonly next: string | null}> {
    const {account} = request.params;
    await refuseStrangers(request);
    const {limit, cursor} = request.query;
    const after = cursor === undefined ? undefined : decodeCursor(cursor);
    const found = await kit.database.query<LateRow>(
      `select * from late_activity
       where account = $1 and ($2::timestamptz is null or (at, event_id) < ($2, $3)) order by at desc, event_id desc limit $4`,
      [account, after?.at ?? null, after?.eventId ?? null, limit + 1],
    );
    const rows = found.slice(0, limit);
    const last = rows.at(-1);
    const isMore = found.length > limit && last !== undefined;
    return {rows, next: isMore ? encodeCursor({at: last.at.toISOString(), eventId: last.event_id}) : null};
  }

  app.get(
    '/v1/activity/:account',
    {
      config: {problems: [403, 412]},
      schema: {
        summary: 'What an account did last',
        ...common,
        headers: PositionHeaders,
        response: {200: pageOf(Item)},
      },
    },
    async (request, reply) => {
      const {account} = request.params;
      await refuseStrangers(request);
      const {limit, cursor = null} = request.query;
      const position = decodePosition(request.headers[POSITION_HEADER]);
      const left = (request.hop.deadline ?? Number.POSITIVE_INFINITY) - kit.clock.now() - ANSWER_MS;
      const patienceMs = Math.max(0, Math.min(WAIT_MAX_MS, left));
      const answer = await reads.read({account, limit, cursor, position, patienceMs});
      if ('behindForMs' in answer) throw behind(answer.behindForMs);
      sendPosition(reply, answer.position ?? position);
      return {items: [...answer.page.items], next: answer.page.next};
    },
  );
  app.get(
    '/v1/activity/:account/late',
    {
      config,
      schema: {summary: 'What came too late to be counted in windows', ...common, response: {200: pageOf(LateItem)}},
    },
    async request => {
      const {rows, next} = await readLate(request);
      return {
        items: rows.map(row => ({
          id: row.id,
          kind: row.kind,
          at: row.at.toISOString(),
          clock: row.clock?.toISOString() ?? null,
        })),
        next,
      };
    },
  );
}

function pageOf<T extends typeof Item | typeof LateItem>(item: T) {
  return Type.Object({items: Type.Array(item), next: Next});
}

/** The client's own condition does not hold: nothing is wrong with the service, so this is no 5xx, which breakers would count. */
function behind(forMs: number): Problem {
  return new Problem({
    status: 412,
    kind: 'behind',
    detail: 'What you have seen is not here yet; it is on its way.',
    headers: {'retry-after': String(Math.max(1, Math.ceil(forMs / 1_000)))},
  });
}
