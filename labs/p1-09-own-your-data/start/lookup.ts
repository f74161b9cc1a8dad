import type {CreateLookup} from 'teralab/stream/seams/lookup';

/** Stream's side: it looks into identity's table. */
export const createLookup: CreateLookup = ({identity}) => ({
  async names(accounts) {
    const rows = await identity?.query<{id: string; name: string}>(
      'select id, name from accounts where id = any ($1)',
      [accounts],
    );
    return new Map((rows ?? []).map(({id, name}) => [id, name]));
  },
});
