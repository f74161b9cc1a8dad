import {Type} from 'typebox';
import type {Database} from '../kit/database.ts';
import {Problem} from '../kit/problem.ts';
import type {App} from '../kit/server.ts';
import {removeQuota, setQuota, unlessSuperseded} from './quota-store.ts';
import type {QuotaRepository} from './seams/repository.ts';
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
export function serveQuotas(
  app: App,
  {
    database,
    quotas,
    spending,
  }: {readonly database: Database; readonly quotas: QuotaRepository; readonly spending: Spending},
): void {
  const params = AccountPath;

  app.get(
    '/v1/quotas/:account',
    {config: {problems: [404]}, schema: {summary: 'A quota', params, response: {200: Quota}}},
    async request => {
      const {account} = request.params;
      const eventsPerSecond = await quotas.read(account);
      if (eventsPerSecond === null)
        throw new Problem({status: 404, kind: 'no-quota', detail: 'This account has no quota.'});
      return {account, eventsPerSecond};
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
      const {eventsPerSecond} = request.body;
      const {revision} = request.query;
      const stored =
        revision === undefined
          ? {eventsPerSecond, isNew: await quotas.write(account, eventsPerSecond)}
          : unlessSuperseded(await setQuota(database, account, eventsPerSecond, revision));
      spending.forget(account);
      return reply.code(stored.isNew ? 201 : 200).send({account, eventsPerSecond: stored.eventsPerSecond});
    },
  );

  app.delete(
    '/v1/quotas/:account',
    {schema: {summary: 'Take a quota away', params, querystring: Revision, response: {204: Type.Null()}}},
    async (request, reply) => {
      const {account} = request.params;
      const {revision} = request.query;
      await (revision === undefined ? quotas.remove(account) : removeQuota(database, account, revision));
      spending.forget(account);
      return reply.code(204).send(null);
    },
  );
}
