import type {CreateReadModel} from './projection.ts';

/** Between two looks whether the projection has what a client has seen, ms. */
const LOOK_EVERY_MS = 25;
/** When a projection does not get there within anybody's patience, it is not there right after it either. */
const BEHIND_FOR_MS = 1_000;

/**
 * A position is the id of the newest event that a client knows of: an account's events are projected in order, so whoever has that one has all
 * before it. A read waits until the projection has it, and is answered from the projection alone; so no client ever sees less than it has seen. How
 * far the partition is would say less: events of other accounts in it may be projected before.
 */
export const createReadModel: CreateReadModel = ({projection, clock}) => ({
  written: ({ids}) => ids.at(-1) ?? null,
  async read({position, patienceMs, ...query}) {
    const until = clock.monotonic() + patienceMs;
    while (position !== null && !(await projection.has(query.account, position))) {
      if (clock.monotonic() + LOOK_EVERY_MS >= until) return {behindForMs: BEHIND_FOR_MS};
      await clock.sleep(LOOK_EVERY_MS);
    }
    const {upTo, ...page} = await projection.page(query);
    return {page, position: upTo};
  },
});
