import type {CreatePublisher} from 'teralab/identity/seams/publisher';

/** Publishes inside the transaction: when publishing fails, nothing is stored. When the commit fails, it is too late. */
export const createPublisher: CreatePublisher = ({database, broker}) => ({
  async save(event, work) {
    return database.transaction(async transaction => {
      const result = await work(transaction);
      await broker.publish('identity.events', [event]);
      return result;
    });
  },
});
