import type {CreateReadModel} from 'teralab/stream/seams/projection';

const LAG_MS = 1_000;

/** Whoever has written waits for as long as the projection takes. */
export const createReadModel: CreateReadModel = ({projection, clock}) => ({
  written: () => 'has written',
  async read(request) {
    if (request.position !== null) await clock.sleep(LAG_MS);
    return {page: await projection.page(request), position: null};
  },
});
