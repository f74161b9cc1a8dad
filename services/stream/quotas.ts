import {Type} from 'typebox';
import {Problem} from '../kit/problem.ts';
import type {App} from '../kit/server.ts';
import type {Kit} from '../kit/service.ts';
import type {Spending} from './spend-quota.ts';

const EVENTS_PER_SECOND_MAX = 1_000_000;

const AccountPath = Type.Object({account: Type.String({minLength: 1, maxLength: 200})});
const NewQuota = Type.Object(
  {eventsPerSecond: Type.Integer({minimum: 1, maximum: EVENTS_PER_SECOND_MAX})},
  {additionalProperties: false},
);
const Quota = Type.Object({account: Type.String(), eventsPerSecond: Type.Integer()});

/**
 * What accounts may send. Whoever opens accounts sets them, before anybody has a token: these are not among the gateway's routes, and who
 * may reach this service is up to the network. All of them may be repeated.
 */
export function serveQuotas(app: App, {database}: Pick<Kit, 'database'>, spending: Spending): void {
  const params = AccountPath;

  app.get(
    '/v1/quotas/:account',
    {config: {problems: [404]}, schema: {summary: 'A quota', params, response: {200: Quota}}},
    async request => {
      const {account} = request.params;
      const [row] = await database.query<{events_per_second: number}>(
        'select events_per_second from quotas where account = $1',
        [account],
      );
      if (row === undefined) throw new Problem({status: 404, kind: 'no-quota', detail: 'This account has no quota.'});
      return {account, eventsPerSecond: row.events_per_second};
    },
  );

  app.put(
    '/v1/quotas/:account',
    {schema: {summary: 'Set a quota', params, body: NewQuota, response: {200: Quota, 201: Quota}}},
    async (request, reply) => {
      const {account} = request.params;
      const {eventsPerSecond} = request.body;
      const [row] = await database.query<{is_new: boolean}>(
        `insert into quotas (account, events_per_second) values ($1, $2)
         on conflict (account) do update set events_per_second = excluded.events_per_second, changed_at = now()
         returning xmax = 0 as is_new`,
        [account, eventsPerSecond],
      );
      spending.forget(account);
      return reply.code(row?.is_new === true ? 201 : 200).send({account, eventsPerSecond});
    },
  );

  app.delete(
    '/v1/quotas/:account',
    {schema: {summary: 'Take a quota away', params, response: {204: Type.Null()}}},
    async (request, reply) => {
      await database.query('delete from quotas where account = $1', [request.params.account]);
      spending.forget(request.params.account);
      return reply.code(204).send(null);
    },
  );
}
