import type {Database, Queryable} from '../kit/database.ts';
import type {Projections} from './projections.ts';

/** A projection that is being built again, from what came after `from`. */
export interface Replay {
  readonly id: string;
  readonly projection: keyof Projections;
  readonly from: number;
  readonly state: 'running' | 'done' | 'failed';
  /** Everything up to there is in it. */
  readonly position: number;
  readonly events: number;
  readonly reason: string | null;
  readonly createdAt: string;
  readonly endedAt: string | null;
}

interface ReplayRow extends Readonly<Record<string, unknown>> {
  readonly id: string;
  readonly projection: keyof Projections;
  readonly from_position: string;
  readonly state: Replay['state'];
  readonly position: string;
  readonly events: string;
  readonly reason: string | null;
  readonly created_at: Date;
  readonly ended_at: Date | null;
}

export async function findReplays(
  database: Pick<Database, 'query'>,
  where: string,
  parameters: readonly unknown[],
): Promise<readonly Replay[]> {
  return (await database.query<ReplayRow>(`select * from replays ${where}`, parameters)).map(toReplay);
}

/** Makes the tables that a replay fills, empty, with what the ones that are read have: indexes, constraints and storage. */
export async function createTables(transaction: Queryable, tables: readonly string[]): Promise<void> {
  for (const table of tables) {
    const [row] = await transaction.query<{options: string | null}>(
      "select array_to_string(reloptions, ', ') as options from pg_class where oid = to_regclass($1)",
      [table],
    );
    await transaction.query(`drop table if exists rebuild.${table}`);
    const options = row?.options ? ` with (${row.options})` : '';
    await transaction.query(`create table rebuild.${table} (like ${table} including all)${options}`);
  }
}

/** Puts what was rebuilt in the place of what was read so far: all of it with the end of the transaction, or none. */
export async function swapTables(transaction: Queryable, tables: readonly string[]): Promise<void> {
  const [row] = await transaction.query<{schema: string}>('select quote_ident(current_schema()) as schema');
  for (const table of tables) {
    await transaction.query(`drop table ${table}`);
    await transaction.query(`alter table rebuild.${table} set schema ${row?.schema}`);
  }
}

/** Takes hold of a running replay until the transaction ends. False when it has moved since it was read: somebody else works on it. */
export async function lockReplay(transaction: Queryable, {id, position}: Replay): Promise<boolean> {
  const rows = await transaction.query(
    "select id from replays where id = $1 and state = 'running' and position = $2 for update",
    [id, position],
  );
  return rows.length > 0;
}

export async function moveReplay(
  transaction: Queryable,
  {id}: Replay,
  {position, events}: {readonly position: number; readonly events: number},
): Promise<void> {
  await transaction.query('update replays set position = $2, events = events + $3 where id = $1', [
    id,
    position,
    events,
  ]);
}

export async function endReplay(
  transaction: Queryable,
  {id}: Replay,
  state: 'done' | 'failed',
  reason: string | null = null,
): Promise<void> {
  await transaction.query(
    "update replays set state = $2, reason = $3, ended_at = now() where id = $1 and state = 'running'",
    [id, state, reason],
  );
}

function toReplay(row: ReplayRow): Replay {
  return {
    id: row.id,
    projection: row.projection,
    from: Number(row.from_position),
    state: row.state,
    position: Number(row.position),
    events: Number(row.events),
    reason: row.reason,
    createdAt: row.created_at.toISOString(),
    endedAt: row.ended_at?.toISOString() ?? null,
  };
}
