import type {CreatePublisher} from 'teralab/identity/seams/publisher';

const RELAY_EVERY_MS = 100;

/** The event is a row of the same transaction as the change; a relay publishes rows until the broker has them. */
export const createPublisher: CreatePublisher = ({database, broker, clock, log}) => {
  const stopping = new AbortController();
  let relay = Promise.resolve();

  /** Publish first, mark after the broker's answer: a kill in between publishes again, under the same id. */
  async function relayOnce(): Promise<void> {
    const rows = await database.query<OutboxRow>(
      'select id, key, type, data, headers from outbox where published_at is null order by position limit 100',
    );
    if (rows.length === 0) return;
    await broker.publish('identity.events', rows);
    await database.query('update outbox set published_at = now() where id = any($1)', [rows.map(row => row.id)]);
  }

  async function relayUntilStopped(): Promise<void> {
    while (!stopping.signal.aborted) {
      await relayOnce().catch(error => log.warn({error: String(error)}, 'the relay tries again'));
      await clock.sleep(RELAY_EVERY_MS, stopping.signal).catch(() => undefined);
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
      relay = relayUntilStopped();
    },
    async stop() {
      stopping.abort();
      await relay;
    },
  };
};

type OutboxRow = {id: string; key: string; type: string; data: unknown; headers: Record<string, string>};
