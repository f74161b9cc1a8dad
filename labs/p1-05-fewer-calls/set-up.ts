import {signUp} from '../../src/labs/accounts.ts';
import type {LabTools} from '../../src/labs/lab.ts';
import type {Random} from '../../src/random.ts';

/** An alert as the page has to show it, with the name of its account; null where that is closed. */
export interface Expected {
  readonly account: string;
  readonly name: string | null;
  readonly failures: number;
  readonly first: string;
  readonly last: string;
}

export interface Setup {
  /** May see names. */
  readonly token: string;
  /** Has an alert, on the page's first lines, and changes its name during the attack. */
  readonly renamed: {readonly account: string; readonly token: string; readonly from: string; readonly to: string};
  /** All alerts there are, in stream's order, before the change of name. */
  readonly alerts: readonly Expected[];
}

const ALERTS = 60;
const FAILURES = 5;
const CLOSED_EVERY = 9;

/** Accounts at which sign-ins failed, and somebody who may see whose they are. */
export async function setUp(tools: LabTools): Promise<Setup> {
  const {random} = tools;
  const watcher = await signUp(tools, 'Watcher');
  await tools.sql(
    'identity-db',
    `insert into account_roles (account, role, granted_by) values ($1, 'operator', 'lab')`,
    [watcher.account],
  );
  const from = nameOf(random);
  const renamed = {...(await signUp(tools, from)), from, to: nameOf(random)};
  const people = Array.from({length: ALERTS - 1}, (_, index) => ({
    // After the one that identity has named.
    account: `${random.pick(['a', 'b', 'c', 'd', 'e', 'f'])}${random.hex(31)}`,
    name: nameOf(random),
    closed: index % CLOSED_EVERY === CLOSED_EVERY - 1,
  }));
  await tools.sql(
    'identity-db',
    `insert into accounts (id, name, password_hash, created_at, closed_at)
     select id, name, '', now(), case when closed then now() end from unnest($1::text[], $2::text[], $3::bool[]) as person (id, name, closed)`,
    [people.map(({account}) => account), people.map(({name}) => name), people.map(({closed}) => closed)],
  );
  const names = new Map<string, string | null>(
    people.map(({account, name, closed}) => [account, closed ? null : name]),
  );
  names.set(renamed.account, from);
  return {token: watcher.token, renamed, alerts: await failSignIns(tools, names)};
}

/** Five failures of each, one second apart. Returns the alerts in the order that the database gives them. */
async function failSignIns(
  {sql, random}: LabTools,
  names: ReadonlyMap<string, string | null>,
): Promise<readonly Expected[]> {
  const base = Date.now() - 60_000;
  const failures = [...names.keys()].flatMap(account => {
    const first = base + random.integer(0, 30_000);
    return Array.from({length: FAILURES}, (_, index) => ({
      id: random.hex(32),
      account,
      at: new Date(first + index * 1_000).toISOString(),
    }));
  });
  await sql(
    'stream-db',
    'insert into failed_sign_ins (event_id, account, at) select * from unnest($1::text[], $2::text[], $3::timestamptz[])',
    [failures.map(({id}) => id), failures.map(({account}) => account), failures.map(({at}) => at)],
  );
  const rows = await sql<{account: string; first: Date; last: Date}>(
    'stream-db',
    'select account, min(at) as first, max(at) as last from failed_sign_ins group by account order by account',
  );
  return rows.map(({account, first, last}) => ({
    account,
    name: names.get(account) ?? null,
    failures: FAILURES,
    first: first.toISOString(),
    last: last.toISOString(),
  }));
}

function nameOf(random: Random): string {
  return `${random.pick(['Ada', 'Barbara', 'Edsger', 'Grace', 'Leslie', 'Nancy'])} ${random.hex(8)}`;
}
