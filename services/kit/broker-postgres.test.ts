import pg from 'pg';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {Broker} from './broker.ts';
import {brokerContract} from './broker-contract.ts';
import {brokerHoldContract} from './broker-hold-contract.ts';
import {brokerOutageContract} from './broker-outage-contract.ts';
import {createPostgresBroker} from './broker-postgres.ts';
import {disturbedDeliveryContract} from './disturbed-delivery-contract.ts';
import type {Logger} from './logger.ts';
import {createSystemClock} from './system-clock.ts';
import {startTestPostgres, type TestPostgres} from './testing/postgres.ts';

const quiet: Logger = {debug() {}, info() {}, warn() {}, error() {}};

function open(url: string): Broker {
  return createPostgresBroker({url, clock: createSystemClock(), log: quiet});
}

brokerContract('postgres', async () => {
  const postgres = await startTestPostgres();
  return {
    connect: () => open(postgres.url),
    crashAndRestart: () => postgres.crashAndRestart(),
    [Symbol.asyncDispose]: () => postgres[Symbol.asyncDispose](),
  };
});

brokerOutageContract('postgres', async () => {
  const postgres = await startTestPostgres();
  return {
    url: postgres.url,
    port: postgres.port,
    open,
    empty: () => sql(postgres.url, 'drop schema broker cascade'),
    [Symbol.asyncDispose]: () => postgres[Symbol.asyncDispose](),
  };
});

brokerHoldContract('postgres', async () => {
  const postgres = await startTestPostgres();
  return {
    connect: () => open(postgres.url),
    [Symbol.asyncDispose]: () => postgres[Symbol.asyncDispose](),
  };
});

disturbedDeliveryContract('postgres', async () => {
  const postgres = await startTestPostgres();
  return {
    connect: () => open(postgres.url),
    [Symbol.asyncDispose]: () => postgres[Symbol.asyncDispose](),
  };
});

describe('the broker on Postgres', () => {
  let postgres: TestPostgres;

  beforeAll(async () => {
    postgres = await startTestPostgres();
  });

  afterAll(() => postgres[Symbol.asyncDispose]());

  it('prepares an empty database from many processes at once', async () => {
    const url = await postgres.createDatabase();
    const brokers = Array.from({length: 6}, () => open(url));
    await Promise.all(brokers.map(broker => broker.ensureStream('s')));
    expect(await brokers[0]?.read('s')).toEqual([]);
    await Promise.all(brokers.map(broker => broker.close()));
  });
});

async function sql(url: string, text: string): Promise<void> {
  const client = new pg.Client({connectionString: url});
  await client.connect();
  await client.query(text).finally(() => client.end());
}
