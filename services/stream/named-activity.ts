import {Type} from 'typebox';
import type {Broker, Delivery, Settlement} from '../kit/broker.ts';
import type {Database, Queryable} from '../kit/database.ts';
import {migrate} from '../kit/migrations.ts';
import type {App} from '../kit/server.ts';
import type {Kit} from '../kit/service.ts';
import {openOthersDatabase} from './others-database.ts';
import {createLookup as defaultLookup} from './seams/lookup.default.ts';
import type {Lookup, NamedAccount} from './seams/lookup.ts';
import {IDENTITY_EVENTS} from './streams.ts';

const GROUP = 'stream.names';
const TELLS_A_NAME = new Set(['account.registered', 'account.renamed', 'account.announced']);
const AGAIN_AFTER_MS = 200;
const DELIVERIES_UNLIMITED = 1_000_000_000;
const IDS_MAX = 100;

const AccountId = Type.String({minLength: 1, maxLength: 200});
const Query = Type.Object({
  id: Type.Array(AccountId, {minItems: 1, maxItems: IDS_MAX, description: 'Repeated: `?id=a&id=b`'}),
});
const Item = Type.Object({
  account: Type.String(),
  name: Type.Union([Type.String(), Type.Null()]),
  events: Type.Integer(),
});
const Items = Type.Object({items: Type.Array(Item)});

/**
 * How much accounts have done, by name. Names are identity's: the seam `lookup` says how stream knows them. An operator's: it is among no gateway's
 * routes by default.
 */
export async function serveNamedActivity(app: App, kit: Kit, broker: Broker): Promise<void> {
  const {clock, database, environment, log} = kit;
  const createLookup = await kit.seam('lookup', 'createLookup', defaultLookup);
  const lookup = createLookup({database, identity: openOthersDatabase(kit, 'identity-db'), clock, log});
  const {migrations = []} = lookup;
  if (migrations.length > 0) kit.onStart(async () => void (await migrate(database, migrations)));
  if (lookup.remember !== undefined) {
    kit.onStart(async () => {
      const consumer = await broker.consume(
        {stream: IDENTITY_EVENTS, group: GROUP, member: environment.nodeName, deliveriesMax: DELIVERIES_UNLIMITED},
        batch =>
          remember(database, lookup, batch, error => log.warn({err: error}, 'names cannot be kept at the moment')),
      );
      kit.onStop(() => consumer.stop());
    });
  }
  const schema = {summary: 'How much accounts have done, by name', querystring: Query, response: {200: Items}};
  app.get('/v1/named-activity', {schema}, async request => {
    const {id: accounts} = request.query;
    const [names, counts] = await Promise.all([lookup.names(accounts), countsOf(database, accounts)]);
    return {
      items: accounts.map(account => ({
        account,
        name: names.get(account) ?? null,
        events: counts.get(account) ?? 0,
      })),
    };
  });
}

async function remember(
  database: Database,
  lookup: Lookup,
  batch: readonly Delivery[],
  onError: (error: unknown) => void,
): Promise<readonly Settlement[]> {
  const told = batch.flatMap(message => (TELLS_A_NAME.has(message.type) ? named(message) : []));
  // The last that is told of an account in a batch is what is known after it.
  const accounts = [...new Map(told.map(one => [one.account, one])).values()];
  try {
    if (accounts.length > 0)
      await database.transaction(transaction => lookup.remember?.(transaction, accounts) ?? Promise.resolve());
    return batch.map(() => ({settle: 'ack'}));
  } catch (error) {
    onError(error);
    return batch.map(() => ({settle: 'nak', delayMs: AGAIN_AFTER_MS}));
  }
}

function named({data}: Delivery): readonly NamedAccount[] {
  if (typeof data !== 'object' || data === null || !('account' in data) || !('name' in data)) return [];
  const {account, name} = data;
  return typeof account === 'string' && typeof name === 'string' ? [{account, name}] : [];
}

async function countsOf(database: Queryable, accounts: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const rows = await database.query<{account: string; events: number}>(
    'select account, count(*)::int as events from activity where account = any ($1) group by account',
    [accounts],
  );
  return new Map(rows.map(({account, events}) => [account, events]));
}
