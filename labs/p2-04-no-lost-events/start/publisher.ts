import type {CreatePublisher} from 'teralab/identity/seams/publisher';

/** Stores the change, then tells the others about it. */
export const createPublisher: CreatePublisher = ({database, broker}) => ({
  async save(event, work) {
    const result = await database.transaction(work);
    await broker.publish('identity.events', [event]);
    return result;
  },
});
