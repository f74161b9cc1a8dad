import type {CreateReadModel} from 'teralab/stream/seams/projection';

/** What the projection lacks comes from the broker. */
export const createReadModel: CreateReadModel = ({projection, writeSide}) => ({
  written: () => null,
  async read(request) {
    const waiting = await writeSide.waiting(request.account);
    const page = await projection.page(request);
    const known = new Set(page.items.map(({id}) => id));
    const items = [...waiting.filter(({id}) => !known.has(id)).toReversed(), ...page.items];
    return {page: {...page, items}, position: null};
  },
});
