import type {CreateLookup} from 'teralab/stream/seams/lookup';

/** Stream's side: a copy of its own of what it needs, the name and nothing else, made when the account is first heard of. */
export const createLookup: CreateLookup = ({database}) => ({
  migrations: [
    {
      name: 'lab-account-names',
      up: 'create table account_names (account text primary key, name text not null)',
      down: 'drop table account_names',
    },
  ],

  async remember(transaction, accounts) {
    await transaction.query(
      `insert into account_names (account, name) select * from unnest($1::text[], $2::text[])
       on conflict (account) do nothing`,
      [accounts.map(({account}) => account), accounts.map(({name}) => name)],
    );
  },

  async names(accounts) {
    const rows = await database.query<{account: string; name: string}>(
      'select account, name from account_names where account = any ($1)',
      [accounts],
    );
    return new Map(rows.map(({account, name}) => [account, name]));
  },
});
