import type {CreateReadModel} from 'teralab/stream/seams/projection';

/** Whoever is too early is told to come back. */
export const createReadModel: CreateReadModel = ({projection}) => ({
  written: ({ids}) => ids.at(-1) ?? null,
  async read(request) {
    const isBehind = request.position !== null && !(await projection.has(request.account, request.position));
    if (isBehind) return {behindForMs: 100};
    const page = await projection.page(request);
    return {page, position: page.upTo};
  },
});
