import type {Database} from '../kit/database.ts';
import {Problem} from '../kit/problem.ts';

export interface StoredQuota {
  readonly eventsPerSecond: number;
  readonly isNew: boolean;
}

/**
 * Sets a quota, or says that a later change has overtaken this one. With a revision it is set once: repeating it leaves what was set by
 * hand meanwhile, and after a removal with the same revision or a later one nothing sets it again.
 */
export async function setQuota(
  database: Database,
  account: string,
  eventsPerSecond: number,
  revision: number | undefined,
): Promise<StoredQuota | 'superseded'> {
  const [row] = await (revision === undefined
    ? database.query<QuotaRow>(SET, [account, eventsPerSecond])
    : database.query<QuotaRow>(SET_ONCE, [account, eventsPerSecond, revision]));
  return row === undefined ? 'superseded' : {eventsPerSecond: row.events_per_second, isNew: row.is_new};
}

/** What was stored. Throws a problem 409 where a later change has overtaken it. */
export function unlessSuperseded(stored: StoredQuota | 'superseded'): StoredQuota {
  if (stored !== 'superseded') return stored;
  const detail = 'A later change of this quota was made already; this one has no effect.';
  throw new Problem({status: 409, kind: 'superseded', detail});
}

/** Takes a quota away; with a revision below that of the last change it does nothing, since that was meant for an earlier quota. */
export async function removeQuota(database: Database, account: string, revision: number | undefined): Promise<void> {
  if (revision === undefined) {
    await database.query('delete from quotas where account = $1', [account]);
    return;
  }
  // Two statements: the second sees what one that had the row before has set meanwhile.
  await database.transaction(async transaction => {
    const moved = await transaction.query(
      `insert into quota_revisions as known (account, revision, removed) values ($1, $2, true)
       on conflict (account) do update set revision = excluded.revision, removed = true
       where known.revision <= excluded.revision returning 1`,
      [account, revision],
    );
    if (moved.length > 0) await transaction.query('delete from quotas where account = $1', [account]);
  });
}

interface QuotaRow extends Readonly<Record<string, unknown>> {
  readonly events_per_second: number;
  readonly is_new: boolean;
}

const SET = `
  insert into quotas (account, events_per_second)
  select $1, $2::int where not exists (select from quota_revisions where account = $1 and removed)
  on conflict (account) do update set events_per_second = excluded.events_per_second, changed_at = now()
  returning events_per_second, xmax = 0 as is_new`;

const SET_ONCE = `
  with current as (
    insert into quota_revisions as known (account, revision, removed) values ($1, $3, false)
    on conflict (account) do update set revision = excluded.revision, removed = false
    where known.revision < excluded.revision or (known.revision = excluded.revision and not known.removed)
    returning account, revision
  )
  insert into quotas as present (account, events_per_second, revision) select account, $2::int, revision from current
  on conflict (account) do update set
    events_per_second = case when present.revision = excluded.revision then present.events_per_second else excluded.events_per_second end,
    changed_at = case when present.revision = excluded.revision then present.changed_at else now() end,
    revision = excluded.revision
  returning events_per_second, xmax = 0 as is_new`;
