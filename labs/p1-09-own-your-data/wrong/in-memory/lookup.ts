import type {CreateLookup} from 'teralab/stream/seams/lookup';

/** Names are small: a map holds them all, and is faster than any table. */
export const createLookup: CreateLookup = () => {
  const known = new Map<string, string>();
  return {
    async remember(_transaction, accounts) {
      for (const {account, name} of accounts) known.set(account, name);
    },

    async names(accounts) {
      return new Map(
        accounts.flatMap(account => (known.has(account) ? [[account, known.get(account) ?? ''] as const] : [])),
      );
    },
  };
};
