import type {CreateReadModel} from 'teralab/stream/seams/projection';

/** Reads what the projection has. It gets there, sooner or later. */
export const createReadModel: CreateReadModel = ({projection}) => ({
  written: () => null,
  async read(request) {
    return {page: await projection.page(request), position: null};
  },
});
