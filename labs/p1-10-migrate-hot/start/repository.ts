import type {CreateRepository} from 'teralab/stream/seams/repository';

/** Quotas per minute, as the new plans are sold. The version before reads and writes `events_per_second`, and runs beside this one. */
export const createRepository: CreateRepository = ({database}) => ({
  async read(account) {
    const [row] = await database.query<{events_per_minute: string}>(
      'select events_per_minute from quotas where account = $1',
      [account],
    );
    return row === undefined ? null : Number(row.events_per_minute) / 60;
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
    async up({session}) {
      await session.query('alter table quotas add column if not exists events_per_minute bigint');
    },

    async backfill({session}) {
      await session.query('update quotas set events_per_minute = events_per_second::bigint * 60');
    },

    async down({session}) {
      await session.query('alter table quotas drop column if exists events_per_minute');
    },
  },
});
