import {setTimeout as delay} from 'node:timers/promises';
import type {LabTools} from '../../src/labs/lab.ts';

const NODE = 'stream-db';
const LOOK_EVERY_MS = 250;

/** A long SELECT of somebody else's: it holds a lock on the table for as long as it runs. */
export interface Report {
  startedAt: number;
  endedAt: number | null;
  /** Why it did not finish. */
  error: string | null;
}

/** What the schema and the rows were like at a moment. */
export interface Look {
  readonly at: number;
  readonly hasColumn: boolean;
  /** Rows in which the two columns do not say the same; null without the new column. */
  readonly differing: number | null;
  /** Rows without a value in the new column; null without it. */
  readonly empty: number | null;
  /** Most rows that one transaction has written last, of those in which the columns say the same. */
  readonly largestBatch: number | null;
}

/** What the lab sees of the table while the load runs. It fills up. */
export interface Watch {
  readonly reports: Report[];
  readonly looks: Look[];
  /** It goes on: there is more to see. */
  isOn: boolean;
}

/** Looks at the table again and again, for `forMs` or until it is cut. */
export async function observe(tools: LabTools, watch: Watch, forMs: number, cut?: AbortSignal): Promise<void> {
  watch.isOn = true;
  const until = Date.now() + forMs;
  while (Date.now() < until && cut?.aborted !== true) {
    const look = await lookAt(tools).catch(() => undefined);
    if (look !== undefined) watch.looks.push(look);
    await delay(LOOK_EVERY_MS);
  }
  watch.isOn = false;
}

/** Lets a report of this length run. */
export async function runReport(tools: LabTools, watch: Watch, forMs: number): Promise<void> {
  const report: Report = {startedAt: Date.now(), endedAt: null, error: null};
  watch.reports.push(report);
  try {
    await tools.sql(NODE, 'select count(*), sum(events_per_second) from quotas, pg_sleep($1)', [forMs / 1000]);
    report.endedAt = Date.now();
  } catch (error) {
    report.error = error instanceof Error ? error.message : String(error);
  }
}

/** Columns, triggers and functions, as they are now. */
export async function schemaOf(tools: LabTools): Promise<readonly string[]> {
  const rows = await tools.sql<{what: string}>(
    NODE,
    `select 'the column ' || attname as what from pg_attribute where attrelid = 'public.quotas'::regclass and attnum > 0
       and not attisdropped
     union all select 'the trigger ' || tgname from pg_trigger where tgrelid = 'public.quotas'::regclass and not tgisinternal
     union all select 'the function ' || proname from pg_proc where pronamespace = 'public'::regnamespace`,
  );
  return rows.map(({what}) => what);
}

async function lookAt(tools: LabTools): Promise<Look> {
  const at = Date.now();
  const [column] = await tools.sql<{there: boolean}>(
    NODE,
    `select exists (select from pg_attribute where attrelid = 'public.quotas'::regclass
       and attname = 'events_per_minute' and not attisdropped) as there`,
  );
  if (column?.there !== true) return {at, hasColumn: false, differing: null, empty: null, largestBatch: null};
  const [rows] = await tools.sql<{differing: number; empty: number; largest: number}>(
    NODE,
    `select coalesce(sum(differing), 0)::int as differing, coalesce(sum(empty), 0)::int as empty,
       coalesce(max(rows - differing), 0)::int as largest from (
       select count(*) as rows, count(*) filter (where events_per_minute is distinct from events_per_second::bigint * 60) as differing,
         count(*) filter (where events_per_minute is null) as empty
       from quotas group by xmin::text) as by_transaction`,
  );
  return {
    at,
    hasColumn: true,
    differing: rows?.differing ?? null,
    empty: rows?.empty ?? null,
    largestBatch: rows?.largest ?? null,
  };
}
