import type {CreateReadModel} from 'teralab/stream/seams/projection';

/** Remembers what was written, and waits for it. */
export const createReadModel: CreateReadModel = ({projection, clock}) => {
  const newest = new Map<string, string>();
  return {
    written({account, ids}) {
      const last = ids.at(-1);
      if (last !== undefined) newest.set(account, last);
      return null;
    },
    async read(request) {
      const until = clock.monotonic() + request.patienceMs;
      const id = newest.get(request.account);
      while (id !== undefined && !(await projection.has(request.account, id))) {
        if (clock.monotonic() >= until) return {behindForMs: 1_000};
        await clock.sleep(40);
      }
      return {page: await projection.page(request), position: null};
    },
  };
};
