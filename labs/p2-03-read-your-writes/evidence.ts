import {setTimeout as delay} from 'node:timers/promises';
import {jsonObject, type SignedIn} from '../../src/labs/accounts.ts';
import type {Evidence, LabTools} from '../../src/labs/lab.ts';
import {type Rebuild, rebuildActivity} from '../../src/labs/rebuild.ts';
import type {LedgerEntry} from '../../src/load/load.ts';

export interface Setup {
  readonly accounts: readonly SignedIn[];
}

/** Ids of an account's events, as they were read page by page; or the status that came in place of a page. */
export type ReadBack = Readonly<Record<string, readonly string[] | number>>;

export interface Final {
  /** When each event could be read first, unix ms, by the account and its own id. */
  readonly projectedAt: Readonly<Record<string, number>>;
  /** What the broker has, by account. */
  readonly written: Readonly<Record<string, readonly string[]>>;
  readonly writeSideReads: number;
  readonly after: ReadBack;
  readonly rebuild: Rebuild;
  readonly rebuilt: ReadBack;
}

export type Seen = Evidence<Setup, Final>;

const AFTER_MS = 5_000;
const REBUILT_WITHIN_MS = 6_000;
const ASK_EVERY_MS = 50;

/** What the projection has so far, and how often the write side was looked at. Nothing is read back. */
export async function readSoFar(tools: LabTools): Promise<Final> {
  const rows = await tools.sql<{event_id: string; at: number}>(
    'stream-db',
    'select event_id, extract(epoch from projected_at)::float8 * 1000 as at from activity',
  );
  const counts = await tools.sql<{reads: number}>(
    'stream-db',
    'select coalesce(sum(reads), 0)::float8 as reads from write_side_reads',
  );
  return {
    projectedAt: Object.fromEntries(rows.map(({event_id: id, at}) => [id, at])),
    writeSideReads: counts[0]?.reads ?? 0,
    written: {},
    after: {},
    rebuild: {state: 'unfinished', reason: null, events: 0},
    rebuilt: {},
  };
}

export async function readFinal(tools: LabTools, {accounts}: Setup): Promise<Final> {
  await caughtUp(tools, AFTER_MS);
  const soFar = await readSoFar(tools);
  const log = await (await tools.broker()).read('activity');
  const written = Object.fromEntries(
    accounts.map(({account}) => [
      account,
      log.flatMap(({id}) => (id.startsWith(`${account}/`) ? [id.slice(account.length + 1)] : [])),
    ]),
  );
  const after = await readBack(tools, accounts);
  const rebuild = await rebuildActivity(tools, REBUILT_WITHIN_MS);
  return {...soFar, written, after, rebuild, rebuilt: await readBack(tools, accounts)};
}

async function readBack(tools: LabTools, accounts: readonly SignedIn[]): Promise<ReadBack> {
  const all = await Promise.all(accounts.map(async who => [who.account, await readAll(tools, who)] as const));
  return Object.fromEntries(all);
}

async function readAll(tools: LabTools, {account, token}: SignedIn): Promise<readonly string[] | number> {
  const ids: string[] = [];
  for (let path = `/v1/activity/${account}?limit=100`; ; ) {
    const {status, body} = await tools.http('GET', path, {headers: {authorization: `Bearer ${token}`}});
    if (status !== 200) return status;
    const page = body as {readonly items?: readonly {readonly id: string}[]; readonly next?: string | null};
    ids.push(...(page.items ?? []).map(({id}) => id));
    if (typeof page.next !== 'string' || ids.length > 10_000) return ids;
    path = `/v1/activity/${account}?limit=100&cursor=${encodeURIComponent(page.next)}`;
  }
}

/** Waits until stream has nothing left to read. */
async function caughtUp(tools: LabTools, withinMs: number): Promise<void> {
  for (const until = Date.now() + withinMs; Date.now() < until; await delay(ASK_EVERY_MS))
    if ((await backlog(tools)) === 0) return;
}

/** Events that stream has not worked off. */
export async function backlog(tools: LabTools): Promise<number> {
  const lag = await (await tools.broker()).lag('activity');
  return lag.filter(({group}) => group === 'stream').reduce((sum, one) => sum + one.lag, 0);
}

/** A client's read after its own write. */
export interface Read {
  readonly entry: LedgerEntry;
  readonly written: string;
  /** Which read after its write: 1 or 2. */
  readonly turn: 1 | 2;
  readonly sentAt: number;
  /** Null: no answer came. */
  readonly answeredAt: number | null;
  readonly tookMs: number;
  readonly status: number | null;
  /** What it showed, the newest first; undefined where the answer was no page. */
  readonly items: readonly Item[] | undefined;
  /** When the projection had its write, unix ms; infinite: it never had. */
  readonly projectedAt: number;
  /** When it had it at the earliest, as far as was seen. */
  readonly notProjectedBefore: number;
}

export interface Item {
  readonly id: string;
  readonly at: string;
}

/** All reads that follow a write, in the order of the ledger. */
export function readsOf({attack, final, times}: Seen): readonly Read[] {
  return attack.flatMap(entry => {
    const {written, account} = entry.operation.facts ?? {};
    const turn = entry.name.endsWith('-read') ? 1 : entry.name.endsWith('-again') ? 2 : undefined;
    const send = entry.sends[0];
    if (turn === undefined || send === undefined || typeof written !== 'string') return [];
    const projectedAt = final.projectedAt[`${account}/${written}`] ?? Number.POSITIVE_INFINITY;
    return [
      {
        entry,
        written,
        turn,
        sentAt: send.at,
        answeredAt: send.status === null ? null : send.at + send.durationMs,
        tookMs: send.durationMs,
        status: send.status,
        items: send.status === 200 ? itemsOf(send.body) : undefined,
        projectedAt,
        notProjectedBefore: Math.min(projectedAt, times.endedAt),
      } as const,
    ];
  });
}

/** How many reads of each turn the clients still make, if every write to come, or just made, is followed by both. None once all have ended. */
export function readsToCome({attack}: Seen): {readonly first: number; readonly second: number} {
  const ofWrites = attack.filter(({name, outcome}) => PAIRS.includes(name) && outcome === 'ok');
  const named = (ending: string) =>
    new Map(
      attack.filter(({name}) => name.endsWith(ending)).map(entry => [entry.operation.facts?.written, entry] as const),
    );
  const [first, second] = [named('-read'), named('-again')];
  const written = ofWrites.map(({operation}) => operation.facts?.written);
  const noFirst = written.filter(one => !first.has(one));
  // Who was not answered does not ask again.
  const noSecond = written.filter(one => first.get(one)?.status !== null && !second.has(one));
  return {first: noFirst.length, second: noSecond.length};
}

const PAIRS: readonly string[] = ['short', 'long', 'stall'];

function itemsOf(body: string | undefined): readonly Item[] | undefined {
  const items = jsonObject(body)?.items;
  return Array.isArray(items) ? (items as readonly Item[]) : undefined;
}

/** Whether it shows the client's own write. */
export function showsOwn({items, written}: Read): boolean {
  return items?.some(({id}) => id === written) === true;
}

/** How much longer the projection took than until the read was sent, ms: at least, where it has not got there. */
export function lagOf({notProjectedBefore, sentAt}: Read): number {
  return Math.max(0, notProjectedBefore - sentAt);
}
