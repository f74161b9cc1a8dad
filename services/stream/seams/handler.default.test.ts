import {expect, it} from 'vitest';
import type {Delivery} from '../../kit/broker.ts';
import type {Database} from '../../kit/database.ts';
import {movePosition} from '../move-position.ts';
import {isPassing} from '../passing-errors.ts';
import {projectingHandler} from './handler.default.ts';

const log = {debug() {}, info() {}, warn() {}, error() {}};
const clock = {now: () => 0, monotonic: () => 0, sleep: async () => undefined};

function handlerOn(query: Database['query'], apply: () => Promise<void> = async () => undefined) {
  const database: Database = {query, transaction: work => work({query})};
  const projection = {tables: [], malformed: () => undefined, apply};
  return projectingHandler(projection)({database, clock, log, apply, savePosition: movePosition, isPassing});
}

const delivery = (position: number, deliveries = 1): Delivery => ({
  ...{stream: 's', partition: 3, position, deliveries, publishedAt: 0},
  ...{id: `m${position}`, key: `k${position}`, type: 't', data: {}},
});

it('moves its position to the furthest message of a batch, in whatever order messages of different keys came', async () => {
  const written: unknown[] = [];
  const handler = handlerOn(async (_, values) => {
    written.push(values);
    return [];
  });
  await handler.handle([12, 14, 11, 13].map(position => delivery(position)));
  expect(written).toEqual([['s', 3, 14]]);
});

it('gives up on the first message of a batch when it has failed often, and never because the database is away', async () => {
  const failing = (error: Error) =>
    handlerOn(
      async () => [],
      () => Promise.reject(error),
    );
  const bad = failing(new Error('no such kind'));
  expect(await bad.handle([delivery(1)])).toMatchObject([{settle: 'nak', reason: 'no such kind'}]);
  expect(await bad.handle([delivery(1, 5)])).toEqual([{settle: 'term', reason: 'no such kind'}]);
  const away = failing(new Error('Connection terminated unexpectedly'));
  expect(await away.handle([delivery(1, 50)])).toMatchObject([{settle: 'nak'}]);
});
