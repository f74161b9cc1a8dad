import type {Queryable} from '../kit/database.ts';

/** Which tables a projection writes: those that are read, or those that are being rebuilt beside them. */
export type Tables = '' | 'rebuild.';

/** A state may have so many characters of JSON. */
const STATE_MAX = 65_536;

/** The clock as it is stored, unix ms, and how many events were late so far. */
export async function readClock(database: Queryable): Promise<{readonly clock: number | null; readonly late: number}> {
  const [row] = await database.query<{clock: number | null; late: number}>(
    'select clock_ms::float8 as clock, late::float8 as late from event_clock',
  );
  return row ?? {clock: null, late: 0};
}

/** What windows know, or undefined before the first event. */
export async function readState(database: Queryable): Promise<unknown> {
  return stateOf(await database.query<StateRow>('select state from event_clock'));
}

/** What windows know, which nobody else can change until the transaction ends; undefined before the first event. */
export async function lockState(transaction: Queryable, tables: Tables): Promise<unknown> {
  const locked = await transaction.query<StateRow>(`select state from ${tables}event_clock for update`);
  if (locked.length > 0) return stateOf(locked);
  // Of several that come first, all but one wait here, and then see what that one has written.
  return stateOf(
    await transaction.query<StateRow>(
      `insert into ${tables}event_clock (is_only) values (true) on conflict (is_only) do update set is_only = true returning state`,
    ),
  );
}

/** Stores what windows know, with `late` further events that came too late. */
export async function saveState(
  transaction: Queryable,
  tables: Tables,
  {state, clock, late = 0}: {readonly state: unknown; readonly clock: number | null; readonly late?: number},
): Promise<void> {
  const text = JSON.stringify(state);
  if (typeof text !== 'string') throw new Error('What windows know is to be JSON.');
  if (text.length > STATE_MAX)
    throw new Error(`What windows know takes ${text.length} characters of JSON; at most ${STATE_MAX} are kept.`);
  await transaction.query(`update ${tables}event_clock set state = $1, clock_ms = $2, late = late + $3`, [
    text,
    clock === null ? null : Math.round(clock),
    late,
  ]);
}

interface StateRow extends Readonly<Record<string, unknown>> {
  readonly state: unknown;
}

function stateOf([row]: readonly StateRow[]): unknown {
  return row?.state ?? undefined;
}
