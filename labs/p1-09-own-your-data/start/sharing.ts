import type {CreateSharing} from 'teralab/identity/seams/sharing';

/** Identity's side: stream may read the accounts itself. */
export const createSharing: CreateSharing = () => ({
  grants: ['grant select on accounts to stream'],

  async announce() {
    return 0;
  },
});
