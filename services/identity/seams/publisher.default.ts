import {addToOutbox} from '../outbox.ts';
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
