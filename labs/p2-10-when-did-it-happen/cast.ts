import {setTimeout as delay} from 'node:timers/promises';
import {type SignedIn, signUp} from '../../src/labs/accounts.ts';
import type {LabTools} from '../../src/labs/lab.ts';

/** Who reports activity. Each has a partition of its own; no event comes through the partitions that are left. */
export interface Cast {
  /** Report what has just happened, out of order by less than what is allowed. */
  readonly talkers: readonly SignedIn[];
  /** Its events are this much older when they are sent: a telephone that was in a tunnel. */
  readonly laggard: SignedIn;
  /** Where its events are. */
  readonly laggardPartition: number;
  readonly lagMs: number;
  /** Falls silent. */
  readonly silent: SignedIn;
}

const ACCOUNTS_AT_ONCE = 8;
const TALKERS = 3;
const PARTITIONS_MIN = TALKERS + 2;
const WAIT_MS = 8_000;
const ASK_EVERY_MS = 50;

/** Opens accounts until there are enough in partitions of their own, and has the laggard speak first, so that its time is the clock. */
export async function setUpCast(tools: LabTools): Promise<Cast> {
  const byPartition = new Map<number, SignedIn>();
  while (byPartition.size < PARTITIONS_MIN) {
    const accounts = await Promise.all(
      Array.from({length: ACCOUNTS_AT_ONCE}, () => signUp(tools, `teller ${tools.random.hex(8)}`)),
    );
    const partitions = await partitionsOf(
      tools,
      accounts.map(({account}) => account),
    );
    for (const one of accounts) {
      const partition = partitions.get(one.account);
      if (partition !== undefined) byPartition.set(partition, one);
    }
  }
  const [laggard, silent, ...others] = tools.random.shuffle([...byPartition.values()]);
  if (laggard === undefined || silent === undefined) throw new Error('there are fewer partitions than accounts');
  const lagMs = tools.random.integer(18_000, 21_000);
  await tools.http('POST', '/v1/activity', {
    headers: {authorization: `Bearer ${laggard.token}`},
    body: {id: tools.random.hex(12), kind: 'first', at: new Date(Date.now() - lagMs).toISOString()},
  });
  await caughtUp(tools, WAIT_MS);
  const [laggardPartition = 0] = [...byPartition].find(([, one]) => one === laggard) ?? [];
  return {talkers: others.slice(0, TALKERS), laggard, laggardPartition, lagMs, silent};
}

/** The partition of each key is the same in every stream: identity has told of the accounts in theirs. */
async function partitionsOf(tools: LabTools, accounts: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const broker = await tools.broker();
  for (const until = Date.now() + WAIT_MS; ; await delay(ASK_EVERY_MS)) {
    const found = new Map((await broker.read('identity.events')).map(({key, partition}) => [key, partition]));
    if (accounts.every(account => found.has(account))) return found;
    if (Date.now() > until) throw new Error(`identity did not tell of its accounts within ${WAIT_MS} ms`);
  }
}

/** Waits until stream has nothing left to read. False when it still had after the bound. */
export async function caughtUp(tools: LabTools, withinMs: number): Promise<boolean> {
  for (const until = Date.now() + withinMs; ; await delay(ASK_EVERY_MS)) {
    if ((await backlog(tools)) === 0) return true;
    if (Date.now() > until) return false;
  }
}

/** Events that stream has not worked off. */
export async function backlog(tools: LabTools): Promise<number> {
  const lag = await (await tools.broker()).lag('activity');
  const own = lag.filter(({group}) => group === 'stream');
  return own.length === 0 ? Number.POSITIVE_INFINITY : own.reduce((sum, one) => sum + one.lag, 0);
}
