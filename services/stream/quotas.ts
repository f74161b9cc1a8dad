import {Type} from 'typebox';
import {Problem} from '../kit/problem.ts';
import type {App} from '../kit/server.ts';
import type {Kit} from '../kit/service.ts';
import {removeQuota, setQuota} from './quota-store.ts';
import type {Spending} from './spend-quota.ts';

const EVENTS_PER_SECOND_MAX = 1_000_000;

const AccountPath = Type.Object({account: Type.String({minLength: 1, maxLength: 200})});
const NewQuota = Type.Object(
  {eventsPerSecond: Type.Integer({minimum: 1, maximum: EVENTS_PER_SECOND_MAX})},
  {additionalProperties: false},
);
const Revision = Type.Object({
  revision: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      description:
        'The number of this change: it has no effect after one with a higher number, and after a removal with the same',
    }),
  ),
});
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
    {
      config: {problems: [409]},
      schema: {
        summary: 'Set a quota',
        params,
        querystring: Revision,
        body: NewQuota,
        response: {200: Quota, 201: Quota},
      },
    },
    async (request, reply) => {
      const {account} = request.params;
      const stored = await setQuota(database, account, request.body.eventsPerSecond, request.query.revision);
      if (stored === 'superseded') {
        const detail = 'A later change of this quota was made already; this one has no effect.';
        throw new Problem({status: 409, kind: 'superseded', detail});
      }
      spending.forget(account);
      return reply.code(stored.isNew ? 201 : 200).send({account, eventsPerSecond: stored.eventsPerSecond});
    },
  );

  app.delete(
    '/v1/quotas/:account',
    {schema: {summary: 'Take a quota away', params, querystring: Revision, response: {204: Type.Null()}}},
    async (request, reply) => {
      await removeQuota(database, request.params.account, request.query.revision);
      spending.forget(request.params.account);
      return reply.code(204).send(null);
    },
  );
}
