import type {CreateReadModel} from 'teralab/stream/seams/projection';

/** The first read after a write looks at the broker, too; those behind it are served as ever. */
export const createReadModel: CreateReadModel = ({projection, writeSide}) => ({
  written: () => 'fresh',
  async read(request) {
    const page = await projection.page(request);
    if (request.position !== 'fresh') return {page, position: null};
    const known = new Set(page.items.map(({id}) => id));
    const waiting = await writeSide.waiting(request.account);
    const items = [...waiting.filter(({id}) => !known.has(id)).toReversed(), ...page.items];
    return {page: {...page, items}, position: 'read'};
  },
});
