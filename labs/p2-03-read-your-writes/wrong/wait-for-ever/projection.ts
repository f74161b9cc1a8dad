import type {CreateReadModel} from 'teralab/stream/seams/projection';

const LOOK_EVERY_MS = 40;

/** The client carries the newest event that it knows of, and a read waits until the projection has it. */
export const createReadModel: CreateReadModel = ({projection, clock}) => ({
  written: ({ids}) => ids.at(-1) ?? null,
  async read(request) {
    while (request.position !== null && !(await projection.has(request.account, request.position))) {
      await clock.sleep(LOOK_EVERY_MS);
    }
    const page = await projection.page(request);
    return {page, position: page.upTo};
  },
});
