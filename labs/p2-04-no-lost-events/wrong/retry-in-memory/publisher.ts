import type {CreatePublisher} from 'teralab/identity/seams/publisher';

/** Retries until the broker has the event. The queue of what is still to be sent lives in the process that gets killed. */
export const createPublisher: CreatePublisher = ({database, broker, clock}) => ({
  async save(event, work) {
    const result = await database.transaction(work);
    void (async () => {
      for (let attempt = 0; ; attempt++) {
        try {
          await broker.publish('identity.events', [event]);
          return;
        } catch {
          await clock.sleep(Math.min(100 * 2 ** attempt, 2_000));
        }
      }
    })();
    return result;
  },
});
