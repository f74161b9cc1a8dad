import {expect, it} from 'vitest';
import type {Broker, Delivery} from '../kit/broker.ts';
import type {Database} from '../kit/database.ts';
import type {Logger} from '../kit/logger.ts';
import {consumeProjected} from './consume-projected.ts';

const quiet: Logger = {debug() {}, info() {}, warn() {}, error() {}};

it('moves its position to the furthest message of a batch, in whatever order messages of different keys came', async () => {
  const written: unknown[] = [];
  const query = async (_text: string, values?: readonly unknown[]): Promise<never[]> => {
    written.push(values);
    return [];
  };
  const database = {query, transaction: (work: (transaction: {query: typeof query}) => unknown) => work({query})};
  const batch = [12, 14, 11, 13].map(position => ({position, partition: 3, key: `k${position}`}) as Delivery);
  const consume = async (_: unknown, handle: (batch: readonly Delivery[]) => Promise<unknown>): Promise<unknown> =>
    handle(batch);
  await consumeProjected(
    {database: database as unknown as Database, log: quiet},
    {consume} as unknown as Broker,
    {stream: 's', group: 'g', member: 'm'},
    {tables: [], malformed: () => undefined, apply: async () => undefined},
  );
  expect(written).toEqual([['s', 3, 14]]);
});
