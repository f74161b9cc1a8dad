import {setTimeout as delay} from 'node:timers/promises';
import type {LabTools} from './lab.ts';

/** What stream's projection of activity writes. */
const TABLES = ['activity', 'windows', 'late_activity', 'event_clock'];
const ASK_EVERY_MS = 100;

/** How a rebuild ended. */
export interface Rebuild {
  readonly state: 'done' | 'failed' | 'unfinished';
  /** Why it failed. */
  readonly reason: string | null;
  /** Events that it read. */
  readonly events: number;
}

/**
 * Has stream build its projection of activity again from the first event, beside the one that is read, and waits until it has taken that one's
 * place. Asked for in the database, as `POST /v1/replays` does: the gateway does not carry that route.
 */
export async function rebuildActivity(tools: LabTools, withinMs: number): Promise<Rebuild> {
  const id = `lab-${tools.random.hex(16)}`;
  // In one statement: it is one transaction, and the service finds all of it or nothing.
  await tools.sql(
    'stream-db',
    `do $body$
     declare
       name text;
     begin
       foreach name in array array[${TABLES.map(table => `'${table}'`).join(', ')}] loop
         execute format('drop table if exists rebuild.%I', name);
         execute format('create table rebuild.%I (like public.%I including all)', name, name);
         execute format('alter table rebuild.%I owner to %I', name,
           (select tableowner from pg_tables where schemaname = 'public' and tablename = name));
       end loop;
       insert into replays (id, projection, from_position, position, state) values ('${id}', 'activity', 0, 0, 'running');
     end $body$`,
  );
  const until = Date.now() + withinMs;
  for (;;) {
    const [row] = await tools.sql<{state: string; reason: string | null; events: number}>(
      'stream-db',
      'select state, reason, events::float8 as events from replays where id = $1',
      [id],
    );
    const {state, reason = null, events = 0} = row ?? {};
    if (state === 'done' || state === 'failed') return {state, reason, events};
    if (Date.now() >= until) return {state: 'unfinished', reason, events};
    await delay(ASK_EVERY_MS);
  }
}
