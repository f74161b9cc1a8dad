import type {CreateLookup} from './lookup.ts';

/** Names as the projection of identity's events keeps them anyway. */
export const createLookup: CreateLookup = ({database}) => ({
  async names(accounts) {
    const rows = await database.query<{account: string; name: string}>(
      'select account, name from registrations where account = any ($1)',
      [accounts],
    );
    return new Map(rows.map(({account, name}) => [account, name]));
  },
});
