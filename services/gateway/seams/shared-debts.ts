import {createHash} from 'node:crypto';
import type {Clock} from '../../kit/clock.ts';
import type {Entry} from '../../kit/key-value.ts';
import type {LimitStore} from './rate-limit.ts';

/** What clients owe to all gateways together, on a few keys of a space. */
export interface SharedDebts {
  /** The shelf that a client's debt is on. */
  shelfOf(id: string): number;
  /** Adds to what clients of one shelf owe, in ms, and returns what each of that shelf owes now. Rejects when the store is away. Nothing is written once `signal` is aborted. */
  add(shelf: number, costs: ReadonlyMap<string, number>, signal: AbortSignal): Promise<ReadonlyMap<string, number>>;
}

/**
 * The value of one key. A debt is the time, in ms, until the client's bucket is full again (GCRA's theoretical arrival time, as a distance).
 * It melts by itself, so that a client that has been quiet owes nothing and takes no room.
 */
interface Shelf {
  /** When it was written, by the wall clock of whoever wrote it, unix ms. */
  readonly at: number;
  readonly debts: Readonly<Record<string, number>>;
}

/** Writers to one key exclude each other. */
const SHELVES = 4;
/** Of more clients than this, those that owe least are forgotten: a value stays below 20 KB or so, whoever invents clients. */
const DEBTORS_MAX = 500;
const TRIES_MAX = 20;

/** A short name for a client that tells nothing of it. */
export function idOf(client: string): string {
  return createHash('sha256').update(client).digest('base64url').slice(0, 16);
}

export function createSharedDebts(store: LimitStore, clock: Clock): SharedDebts {
  /** Of each shelf: the last entry that was written here, where nobody has replaced it, and when that was on the monotonic clock. */
  const known = new Map<number, {readonly entry: Entry | undefined; readonly since: number}>();

  async function tryOnce(
    shelf: number,
    costs: ReadonlyMap<string, number>,
    signal: AbortSignal,
  ): Promise<Map<string, number> | undefined> {
    const key = `limits/${shelf}`;
    const last = known.get(shelf);
    const entry = last?.entry ?? (await store.get(key));
    signal.throwIfAborted();
    const since = clock.monotonic();
    const debts = addUp(
      readShelf(entry),
      costs,
      clock.now(),
      last === undefined ? Number.POSITIVE_INFINITY : since - last.since,
    );
    const value: Shelf = {at: clock.now(), debts: Object.fromEntries(debts)};
    // Until it is known to be written, the next look has to be a real one.
    known.set(shelf, {entry: undefined, since: last?.since ?? since});
    const revision = await (entry === undefined
      ? store.create(key, value)
      : store.compareAndSet(key, value, entry.revision));
    if (revision === undefined) return undefined;
    known.set(shelf, {entry: {key, value, revision}, since});
    return debts;
  }

  return {
    shelfOf: id => (id.charCodeAt(0) + id.charCodeAt(1)) % SHELVES,
    async add(shelf, costs, signal) {
      for (let tries = 0; tries < TRIES_MAX; tries += 1) {
        const debts = await tryOnce(shelf, costs, signal);
        if (debts !== undefined) return debts;
      }
      throw new Error(`The shelf ${shelf} is changed by others all the time.`);
    },
  };
}

/**
 * What is owed now. Wall clocks of two gateways may differ, by as much as the lab likes; so what has melted since the last write is never more
 * than the time that has passed here since the last look.
 */
function addUp(
  {at, debts}: Shelf,
  costs: ReadonlyMap<string, number>,
  now: number,
  sinceLookMs: number,
): Map<string, number> {
  const meltedMs = Math.max(0, Math.min(now - at, sinceLookMs));
  const left = Object.entries(debts).map(([id, debt]) => [id, debt - meltedMs] as const);
  const sums = new Map(left.filter(([, debt]) => debt > 0));
  for (const [id, cost] of costs) sums.set(id, Math.round((sums.get(id) ?? 0) + cost));
  if (sums.size <= DEBTORS_MAX) return sums;
  return new Map([...sums].sort(([, a], [, b]) => b - a).slice(0, DEBTORS_MAX));
}

function readShelf(entry: Entry | undefined): Shelf {
  const {at, debts} = (entry?.value ?? {}) as Partial<Record<keyof Shelf, unknown>>;
  const pairs = typeof debts === 'object' && debts !== null ? Object.entries(debts) : [];
  return {
    at: typeof at === 'number' ? at : 0,
    debts: Object.fromEntries(pairs.filter(([, debt]) => typeof debt === 'number')),
  };
}
