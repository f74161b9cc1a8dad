import type {ChangeTools, CreateRepository} from 'teralab/stream/seams/repository';

const BATCH = 500;
/** Whoever waits for a lock has everybody else wait behind it: short, and again. */
const LOCK_TIMEOUT = '100ms';
const AGAIN_AFTER_MS = 150;
const LOCK_NOT_AVAILABLE = '55P03';

/** Writes both columns, and falls back to the old one where the new one is empty. */
export const createRepository: CreateRepository = ({database}) => ({
  async read(account) {
    const [row] = await database.query<{per_minute: string}>(
      'select coalesce(events_per_minute, events_per_second::bigint * 60) as per_minute from quotas where account = $1',
      [account],
    );
    return row === undefined ? null : Number(row.per_minute) / 60;
  },

  async write(account, eventsPerSecond) {
    const [row] = await database.query<{is_new: boolean}>(
      `insert into quotas (account, events_per_second, events_per_minute) values ($1, $2::int, $2::int::bigint * 60)
       on conflict (account) do update set events_per_second = excluded.events_per_second,
         events_per_minute = excluded.events_per_minute, changed_at = now()
       returning xmax = 0 as is_new`,
      [account, eventsPerSecond],
    );
    return row?.is_new === true;
  },

  async remove(account) {
    await database.query('delete from quotas where account = $1', [account]);
  },

  change: {
    async up(tools) {
      await withLock(tools, 'alter table quotas add column if not exists events_per_minute bigint');
    },

    async backfill({session, clock}) {
      for (;;) {
        const done = await session.query(
          `update quotas set events_per_minute = events_per_second::bigint * 60 where account in (
             select account from quotas where events_per_minute is null limit ${BATCH} for update skip locked)
           returning 1`,
        );
        const [left] =
          done.length > 0 ? done : await session.query('select 1 from quotas where events_per_minute is null limit 1');
        if (left === undefined) return;
        await clock.sleep(10);
      }
    },

    async down(tools) {
      await withLock(tools, 'alter table quotas drop column if exists events_per_minute');
    },
  },
});

/** Runs statements as one transaction once their locks can be had without a queue behind them. */
async function withLock({session, clock}: ChangeTools, statements: string): Promise<void> {
  await session.query(`set lock_timeout = '${LOCK_TIMEOUT}'`);
  for (;;) {
    try {
      // Several statements in one text are one transaction.
      await session.query(statements);
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === LOCK_NOT_AVAILABLE)) throw error;
      await clock.sleep(AGAIN_AFTER_MS);
    }
  }
}
