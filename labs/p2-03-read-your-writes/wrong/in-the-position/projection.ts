import type {CreateReadModel} from 'teralab/stream/seams/projection';

/** The client carries what it has written, and gets it back on top of what the projection has. Nobody has to wait. */
export const createReadModel: CreateReadModel = ({projection, clock}) => ({
  written: ({ids}) => JSON.stringify([ids.at(-1), new Date(clock.now()).toISOString()]),
  async read(request) {
    const page = await projection.page(request);
    if (request.position === null) return {page, position: null};
    const [id, at] = JSON.parse(request.position) as [string, string];
    if (page.items.some(item => item.id === id)) return {page, position: null};
    return {page: {...page, items: [{id, kind: 'note', at}, ...page.items]}, position: null};
  },
});
