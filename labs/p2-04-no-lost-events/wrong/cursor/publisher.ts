import type {CreatePublisher} from 'teralab/identity/seams/publisher';

type OutboxRow = {
  position: string;
  id: string;
  key: string;
  type: string;
  data: unknown;
  headers: Record<string, string>;
};

/** Follows the outbox by position, which is kept in a table. But a position is given at the insert and seen at the commit: a later one can come first. */
export const createPublisher: CreatePublisher = ({database, broker, clock}) => {
  const stopping = new AbortController();

  async function relayOnce(): Promise<void> {
    const [cursor] = await database.query<{position: string}>('select max(position) as position from relay_cursor');
    const rows = await database.query<OutboxRow>(
      'select position, id, key, type, data, headers from outbox where position > $1 order by position limit 100',
      [cursor?.position ?? '0'],
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    await broker.publish('identity.events', rows);
    await database.query('insert into relay_cursor (position) values ($1)', [last.position]);
  }

  async function relayUntilStopped(): Promise<void> {
    let ready = false;
    while (!stopping.signal.aborted) {
      try {
        if (!ready) await database.query('create table if not exists relay_cursor (position bigint not null)');
        ready = true;
        await relayOnce();
      } catch {
        // The broker or the database is away: the cursor stays where it is.
      }
      await clock.sleep(20, stopping.signal).catch(() => undefined);
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
