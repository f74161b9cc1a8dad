import type {CreatePublisher} from 'teralab/identity/seams/publisher';

type OutboxRow = {id: string; key: string; type: string; data: unknown; headers: Record<string, string>};

/** The relay keeps its rows locked while it publishes, so that two relays never have the same one in hand, and deletes them afterwards. */
export const createPublisher: CreatePublisher = ({database, broker, clock}) => {
  const stopping = new AbortController();

  const relayOnce = (): Promise<boolean> =>
    database.transaction(async transaction => {
      const rows = await transaction.query<OutboxRow>(
        'select id, key, type, data, headers from outbox order by position limit 50 for update skip locked',
      );
      if (rows.length === 0) return false;
      await broker.publish('identity.events', rows);
      await transaction.query('delete from outbox where id = any($1)', [rows.map(({id}) => id)]);
      return true;
    });

  return {
    save: (event, work) =>
      database.transaction(async transaction => {
        const {id, key, type, data, headers = {}} = event;
        await transaction.query('insert into outbox (id, key, type, data, headers) values ($1, $2, $3, $4, $5)', [
          ...[id, key, type],
          ...[data, headers].map(value => JSON.stringify(value)),
        ]);
        return work(transaction);
      }),
    async start() {
      void (async () => {
        while (!stopping.signal.aborted) {
          const hasMore = await relayOnce().catch(() => false);
          if (!hasMore) await clock.sleep(80, stopping.signal).catch(() => undefined);
        }
      })();
    },
    async stop() {
      stopping.abort();
    },
  };
};
