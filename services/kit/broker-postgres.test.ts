import {once} from 'node:events';
import {type AddressInfo, connect, createServer, type Socket} from 'node:net';
import {setTimeout as sleep} from 'node:timers/promises';
import pg from 'pg';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {Broker} from './broker.ts';
import {brokerContract} from './broker-contract.ts';
import {createPostgresBroker} from './broker-postgres.ts';
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

describe('the broker on Postgres', () => {
  let postgres: TestPostgres;

  beforeAll(async () => {
    postgres = await startTestPostgres();
  });

  afterAll(() => postgres[Symbol.asyncDispose]());

  it('rejects in time while its link swallows everything, and consumes on when the link is back', async () => {
    const url = await postgres.createDatabase();
    await using link = await startLink(postgres.port);
    const near = open(url);
    const far = open(link.through(url));
    const got: string[] = [];
    await near.ensureStream('s');
    await far.consume({stream: 's', group: 'g', member: 'm'}, async batch => {
      got.push(...batch.map(({id}) => id));
      return batch.map(() => ({settle: 'ack'}));
    });
    await near.publish('s', [{id: 'before', key: 'k', type: 't', data: 1}]);
    await until(() => got.includes('before'));

    link.swallow();
    await near.publish('s', [{id: 'meanwhile', key: 'k', type: 't', data: 1}]);
    await expect(far.publish('s', [{id: 'lost', key: 'k', type: 't', data: 1}])).rejects.toThrow(/timeout|terminated/i);
    expect(got).toEqual(['before']);

    link.carry();
    await until(() => got.includes('meanwhile'));
    await far.publish('s', [{id: 'lost', key: 'k', type: 't', data: 1}]);
    await until(() => got.includes('lost'));
    expect(new Set(got).size).toBe(3);
    await Promise.all([near.close(), far.close()]);
  });

  it('is there when the server comes later than its consumers and its streams', async () => {
    const url = await postgres.createDatabase();
    await using link = await startLink(postgres.port);
    link.refuse();
    const broker = open(link.through(url));
    const got: string[] = [];
    await expect(broker.ensureStream('s')).rejects.toThrow();
    await broker.consume({stream: 's', group: 'g', member: 'm'}, async batch => {
      got.push(...batch.map(({id}) => id));
      return batch.map(() => ({settle: 'ack'}));
    });
    await expect(broker.publish('s', [{id: 'a', key: 'k', type: 't', data: 1}])).rejects.toThrow();
    link.carry();
    await broker.publish('s', [{id: 'a', key: 'k', type: 't', data: 1}]);
    await until(() => got.includes('a'));
    await broker.close();
  });

  it('makes its schema, streams and groups again when the database is emptied', async () => {
    const url = await postgres.createDatabase();
    const broker = open(url);
    const got: string[] = [];
    await broker.ensureStream('s');
    await broker.consume({stream: 's', group: 'g', member: 'm'}, async batch => {
      got.push(...batch.map(({id}) => id));
      return batch.map(() => ({settle: 'ack'}));
    });
    await broker.publish('s', [{id: 'a', key: 'k', type: 't', data: 1}]);
    await until(() => got.length === 1);
    await sql(url, 'drop schema broker cascade');
    await broker.publish('s', [{id: 'b', key: 'k', type: 't', data: 1}]);
    await until(() => got.length === 2);
    await broker.close();
  });

  it('prepares an empty database from many processes at once', async () => {
    const url = await postgres.createDatabase();
    const brokers = Array.from({length: 6}, () => open(url));
    await Promise.all(brokers.map(broker => broker.ensureStream('s')));
    expect(await brokers[0]?.read('s')).toEqual([]);
    await Promise.all(brokers.map(broker => broker.close()));
  });
});

/** A proxy in front of Postgres that can be told to be a bad link. */
async function startLink(port: number) {
  const sockets = new Set<Socket>();
  let mode: 'carry' | 'swallow' | 'refuse' = 'carry';
  const server = createServer(near => {
    const far = connect(port, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('data', data => {
        if (mode === 'carry') other.write(data);
      });
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        if (mode !== 'swallow') other.destroy();
      });
    }
    if (mode === 'refuse') near.destroy();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  return {
    through: (url: string) => url.replace(`:${port}`, `:${address.port}`),
    swallow: () => {
      mode = 'swallow';
    },
    refuse: () => {
      mode = 'refuse';
    },
    carry: () => {
      mode = 'carry';
      // A connection that lost bytes is of no use; through a real link, too, it would be reset some day.
      for (const socket of sockets) socket.destroy();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function sql(url: string, text: string): Promise<void> {
  const client = new pg.Client({connectionString: url});
  await client.connect();
  await client.query(text).finally(() => client.end());
}

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 30_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Did not come true within 30 s: ${String(condition)}`);
    await sleep(10);
  }
}
