import type {CreatePublisher} from 'teralab/identity/seams/publisher';

type OutboxRow = {id: string; key: string; type: string; data: unknown; headers: Record<string, string>};

/** Marks rows as published and then publishes them, so that no event is ever sent twice. Nor, after a kill in between, once. */
export const createPublisher: CreatePublisher = ({database, broker, clock}) => {
  const stopping = new AbortController();

  async function relayUntilStopped(): Promise<void> {
    while (!stopping.signal.aborted) {
      const rows = await database
        .query<OutboxRow>(
          `update outbox set published_at = now() where id in
             (select id from outbox where published_at is null order by position limit 100 for update skip locked)
           returning id, key, type, data, headers`,
        )
        .catch(() => []);
      if (rows.length > 0) await broker.publish('identity.events', rows).catch(() => undefined);
      else await clock.sleep(50, stopping.signal).catch(() => undefined);
    }
  }

  return {
    async save(event, work) {
      return database.transaction(async transaction => {
        const result = await work(transaction);
        await transaction.query('insert into outbox (id, key, type, data, headers) values ($1, $2, $3, $4, $5)', [
          event.id,
          event.key,
          event.type,
          JSON.stringify(event.data),
          JSON.stringify(event.headers ?? {}),
        ]);
        return result;
      });
    },
    async start() {
      void relayUntilStopped();
    },
    async stop() {
      stopping.abort();
    },
  };
};
