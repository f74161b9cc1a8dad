import {jsonObject} from '../../src/labs/accounts.ts';
import {operationsAt, together} from '../../src/labs/operations.ts';
import type {LedgerEntry, Operation} from '../../src/load/load.ts';
import type {Random} from '../../src/random.ts';

/** Accounts whose quotas are set and read all the time, one client each; and what is only read now and then. */
export interface Accounts {
  readonly hot: readonly string[];
  readonly coldPrefix: string;
  readonly coldCount: number;
}

export const RATE_PER_SECOND = 100;
const PATIENCE_MS = 5_000;
/** What a client takes beyond its patience until its write stands in the ledger, ms. */
const SETTLED_AFTER_MS = 500;
const GAP_MS = 1_000 / RATE_PER_SECOND;

/** What the lab put into the table for a cold account. */
export function coldQuota(index: number): number {
  return 1 + ((index * 7_919) % 5_000);
}

/** A hundred a second: for each hot account in turn a write, then a read of it; and as many reads of others. */
export function quotaTraffic(
  random: Random,
  {hot, coldPrefix, coldCount}: Accounts,
  forMs: number,
): readonly Operation[] {
  const rounds = Math.floor(forMs / GAP_MS / 3);
  const starts = (offset: number): number[] =>
    Array.from({length: rounds}, (_, index) => (index * 3 + offset) * GAP_MS);
  // Neighbours in time are different accounts: a write is answered long before the same account is read.
  const account = (index: number, behind: number): string => hot[(index + hot.length - behind) % hot.length] as string;
  return together(
    operationsAt('set', starts(0), index => {
      const quota = random.integer(1, 100_000);
      const name = account(index, 0);
      return {
        request: {
          method: 'PUT',
          path: `/v1/quotas/${name}`,
          headers: {'content-type': 'application/json'},
          body: JSON.stringify({eventsPerSecond: quota}),
        },
        patienceMs: PATIENCE_MS,
        facts: {account: name, quota},
      };
    }),
    operationsAt('read', starts(1), index => read(account(index, Math.floor(hot.length / 2)))),
    operationsAt('read-cold', starts(2), () => {
      const cold = random.integer(1, coldCount);
      return {...read(`${coldPrefix}${cold}`), facts: {account: `${coldPrefix}${cold}`, quota: coldQuota(cold)}};
    }),
  );
}

function read(account: string) {
  return {
    request: {method: 'GET', path: `/v1/quotas/${account}`},
    patienceMs: PATIENCE_MS,
    facts: {account},
  } as const;
}

/** A read that gave what nobody had written, or what had been written over. */
export interface WrongRead {
  readonly entry: LedgerEntry;
  readonly got: unknown;
  readonly expected: readonly number[];
}

/** Reads whose value is neither the last acknowledged one before them nor one that was being written meanwhile. */
export function wrongReads(entries: readonly LedgerEntry[]): readonly WrongRead[] {
  const writes = new Map<string, LedgerEntry[]>();
  for (const entry of entries.filter(({name}) => name === 'set')) {
    const account = String(entry.operation.facts?.account);
    writes.set(account, [...(writes.get(account) ?? []), entry]);
  }
  return entries.flatMap(entry => {
    if (entry.outcome !== 'ok' || (entry.name !== 'read' && entry.name !== 'read-cold')) return [];
    const got = jsonObject(entry.sends.at(-1)?.body)?.eventsPerSecond;
    const expected = possible(entry, writes.get(String(entry.operation.facts?.account)) ?? []);
    return expected.length === 0 || expected.includes(Number(got)) ? [] : [{entry, got, expected}];
  });
}

/** Whether nothing that is yet to end can explain what a read gave: every write that it may have met has been told of by `now`, unix ms. */
export function isSettledRead({name, intendedAt, latencyMs}: LedgerEntry, now: number): boolean {
  return name === 'read-cold' || intendedAt + latencyMs + PATIENCE_MS + SETTLED_AFTER_MS <= now;
}

function possible(read: LedgerEntry, writes: readonly LedgerEntry[]): readonly number[] {
  const cold = read.operation.facts?.quota;
  if (cold !== undefined) return [Number(cold)];
  const begun = (entry: LedgerEntry): number => entry.sends[0]?.at ?? entry.intendedAt;
  const answered = (entry: LedgerEntry): number => entry.intendedAt + entry.latencyMs;
  const acknowledged = writes.filter(write => write.outcome === 'ok' && answered(write) <= begun(read));
  const last = acknowledged.toSorted((a, b) => begun(a) - begun(b)).at(-1);
  // What was not acknowledged may be in force or not, at any later time.
  if (last === undefined || writes.some(write => write.outcome !== 'ok' && begun(write) < answered(read))) return [];
  const meanwhile = writes.filter(write => begun(write) <= answered(read) && answered(write) > begun(read));
  return [last, ...meanwhile].map(write => Number(write.operation.facts?.quota));
}
