import type {CreatePublisher} from 'teralab/identity/seams/publisher';

/** An outbox that nobody reads: rows are kept, published right after the commit, and marked. What was not published then never is. */
export const createPublisher: CreatePublisher = ({database, broker, log}) => ({
  async save(event, work) {
    const result = await database.transaction(async transaction => {
      const value = await work(transaction);
      await transaction.query('insert into outbox (id, key, type, data, headers) values ($1, $2, $3, $4, $5)', [
        event.id,
        event.key,
        event.type,
        JSON.stringify(event.data),
        JSON.stringify(event.headers ?? {}),
      ]);
      return value;
    });
    try {
      await broker.publish('identity.events', [event]);
      await database.query('update outbox set published_at = now() where id = $1', [event.id]);
    } catch (error) {
      log.error({error: String(error)}, 'publishing failed; the row is in the outbox');
    }
    return result;
  },
});
