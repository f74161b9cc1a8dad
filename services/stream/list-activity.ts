import {Type} from 'typebox';
import type {AccessTokens, Incoming} from '../kit/access-tokens.ts';
import {Problem} from '../kit/problem.ts';
import type {App} from '../kit/server.ts';
import type {Kit} from '../kit/service.ts';
import {SIGNED_IN} from '../kit/signed-in.ts';
import {decodeCursor, encodeCursor} from './cursor.ts';

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

interface PageRow extends Readonly<Record<string, unknown>> {
  readonly event_id: string;
  readonly id: string;
  readonly kind: string;
  readonly at: Date;
}
interface LateRow extends PageRow {
  readonly clock: Date | null;
}

/** What an account did, and what of it came too late to be counted in windows: the newest first. */
export function listActivity(app: App, {kit, tokens}: {readonly kit: Kit; readonly tokens: AccessTokens}): void {
  const common = {params: AccountPath, querystring: PageQuery, security: SIGNED_IN};
  const config = {problems: [403]};

  async function readPage<R extends PageRow>(
    request: Incoming & {
      readonly params: {readonly account: string};
      readonly query: {readonly limit: number; readonly cursor?: string};
    },
    from: string,
  ): Promise<{readonly rows: readonly R[]; readonly next: string | null}> {
    const {account} = request.params;
    if ((await tokens.account(request)) !== account)
      throw new Problem({status: 403, kind: 'not-yours', detail: 'This belongs to another account.'});
    const {limit, cursor} = request.query;
    const after = cursor === undefined ? undefined : decodeCursor(cursor);
    const found = await kit.database.query<R>(
      `select * from ${from}
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
    {config, schema: {summary: 'What an account did last', ...common, response: {200: pageOf(Item)}}},
    async request => {
      const {rows, next} = await readPage(request, 'activity');
      return {items: rows.map(toItem), next};
    },
  );
  app.get(
    '/v1/activity/:account/late',
    {
      config,
      schema: {summary: 'What came too late to be counted in windows', ...common, response: {200: pageOf(LateItem)}},
    },
    async request => {
      const {rows, next} = await readPage<LateRow>(request, 'late_activity');
      return {items: rows.map(row => ({...toItem(row), clock: row.clock?.toISOString() ?? null})), next};
    },
  );
}

function pageOf<T extends typeof Item | typeof LateItem>(item: T) {
  return Type.Object({items: Type.Array(item), next: Next});
}

function toItem({id, kind, at}: PageRow) {
  return {id, kind, at: at.toISOString()};
}
