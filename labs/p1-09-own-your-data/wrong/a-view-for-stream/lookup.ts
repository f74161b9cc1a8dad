import type {CreateLookup} from 'teralab/stream/seams/lookup';

/** Stream's side: it reads the view that identity keeps for it. */
export const createLookup: CreateLookup = ({identity}) => ({
  async names(accounts) {
    const rows = await identity?.query<{id: string; name: string}>(
      'select id, name from account_names where id = any ($1)',
      [accounts],
    );
    return new Map((rows ?? []).map(({id, name}) => [id, name]));
  },
});
