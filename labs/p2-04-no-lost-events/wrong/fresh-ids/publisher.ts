import {randomUUID} from 'node:crypto';
import type {CreatePublisher} from 'teralab/identity/seams/publisher';

type OutboxRow = {id: string; key: string; type: string; data: unknown; headers: Record<string, string>};

/** A sound relay that gives each message an id of its own when it sends it: sent again, the same event is a new one to everybody. */
export const createPublisher: CreatePublisher = ({database, broker, clock}) => {
  const stopping = new AbortController();

  async function relayUntilStopped(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const rows = await database.query<OutboxRow>(
          'select id, key, type, data, headers from outbox where published_at is null order by position limit 100',
        );
        if (rows.length > 0) {
          await broker.publish(
            'identity.events',
            rows.map(row => ({...row, id: randomUUID()})),
          );
          await database.query('update outbox set published_at = now() where id = any($1)', [rows.map(row => row.id)]);
        }
      } catch {
        // Tried again below.
      }
      await clock.sleep(50, stopping.signal).catch(() => undefined);
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
