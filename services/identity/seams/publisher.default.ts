import type {Message} from '../../kit/broker.ts';
import type {Queryable} from '../../kit/database.ts';
import {createOutboxRelay} from '../outbox-relay.ts';
import type {CreatePublisher} from './publisher.ts';

/**
 * A transactional outbox: the event is a row of the same transaction as the change that it tells of, and a relay in every replica
 * brings it to the broker, after a crash or an outage, too.
 */
export const createPublisher: CreatePublisher = tools => {
  const relay = createOutboxRelay(tools);
  return {
    async save(event, work) {
      try {
        return await tools.database.transaction(async transaction => {
          const value = await work(transaction);
          await addToOutbox(transaction, event);
          return value;
        });
      } finally {
        // Also after an error: when the answer to COMMIT was lost, the event may be there.
        relay.wake();
      }
    },
    start: async () => relay.start(),
    stop: () => relay.stop(),
  };
};

/** The last statement before COMMIT. The lock makes the order of one key's rows the order of their commits, which a sequence alone is not. */
async function addToOutbox(transaction: Queryable, {id, key, type, data, headers}: Message): Promise<void> {
  await transaction.query('select pg_advisory_xact_lock(hashtextextended($1, 2))', [key]);
  await transaction.query('insert into outbox (id, key, type, data, headers) values ($1, $2, $3, $4, $5)', [
    id,
    key,
    type,
    JSON.stringify(data),
    headers === undefined ? null : JSON.stringify(headers),
  ]);
}
