import type {CreateRoutes} from 'teralab/own/seams/routes';

type Item = {readonly id: string; readonly name: string; readonly quantity: number; readonly version: number};

export const createRoutes: CreateRoutes = ({database, newId, problem}) => {
  const find = async (id = ''): Promise<Item> => {
    const [item] = await database.query<Item>('select * from items where id = $1', [id]);
    if (item === undefined) throw problem(404, 'There is no such item.');
    return item;
  };
  const shown = ({version, ...body}: Item, status = 200) => ({status, headers: {etag: `"${version}"`}, body});

  return [
    {
      method: 'POST',
      path: '/v1/items',
      summary: 'Add an item',
      answers: {201: {}},
      handle: async ({body}) => {
        const {name, quantity} = body as Item;
        const id = newId();
        await database.query('insert into items (id, name, quantity) values ($1, $2, $3)', [id, name, quantity]);
        return shown(await find(id), 201);
      },
    },
    {
      method: 'GET',
      path: '/v1/items',
      summary: 'Items, page by page, by name',
      answers: {200: {}},
      handle: async ({query}) => {
        const limit = Number(query.limit ?? 20);
        const offset = Number(query.cursor ?? 0);
        const items = await database.query('select id, name, quantity from items order by name limit $1 offset $2', [
          limit,
          offset,
        ]);
        return {status: 200, body: {items, next: items.length < limit ? null : String(offset + limit)}};
      },
    },
    {
      method: 'GET',
      path: '/v1/items/:id',
      summary: 'An item',
      answers: {200: {}},
      handle: async ({params}) => shown(await find(params.id)),
    },
    {
      method: 'PUT',
      path: '/v1/items/:id',
      summary: 'Change an item',
      answers: {200: {}},
      handle: async ({params, body, headers}) => {
        const {version} = await find(params.id);
        if (headers['if-match'] !== `"${version}"`) throw problem(412, 'Somebody else changed it.');
        const {name, quantity} = body as Item;
        const set = 'update items set name = $2, quantity = $3, version = version + 1 where id = $1';
        await database.query(set, [params.id, name, quantity]);
        return shown(await find(params.id));
      },
    },
    {
      method: 'DELETE',
      path: '/v1/items/:id',
      summary: 'Take an item away',
      answers: {204: null},
      handle: async ({params}) => {
        await database.query('delete from items where id = $1', [params.id]);
        return {status: 204};
      },
    },
  ];
};
