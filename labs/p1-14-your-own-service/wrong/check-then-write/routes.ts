import type {CreateRoutes, JsonSchema} from 'teralab/own/seams/routes';

type Item = {readonly id: string; readonly name: string; readonly quantity: number; readonly version: number};

const NAME = {type: 'string', minLength: 1, maxLength: 80, pattern: '^[^\\u0000-\\u001f\\u007f\\ud800-\\udfff]*$'};
const QUANTITY = {type: 'integer', minimum: 0, maximum: 1_000_000};
const object = (properties: JsonSchema, required: readonly string[] = Object.keys(properties)): JsonSchema => ({
  type: 'object',
  properties,
  required,
});
const BODY = {...object({name: NAME, quantity: QUANTITY}), additionalProperties: false};
const ITEM = object({id: {type: 'string'}, name: {type: 'string'}, quantity: {type: 'integer'}});
const PAGE = object({items: {type: 'array', items: ITEM}, next: {type: ['string', 'null']}});
const params = object({id: {type: 'string', minLength: 1, maxLength: 100, pattern: NAME.pattern}});

export const createRoutes: CreateRoutes = ({database, newId, problem}) => {
  const notThere = () => problem(404, 'There is no such item.', {kind: 'no-such-item'});
  const shown = ({version, ...body}: Item, status = 200) => ({status, headers: {etag: `"${version}"`}, body});

  /** Where the next page goes on: behind this name and, of equal names, behind this id. */
  const read = (cursor: unknown): readonly [string, string] => {
    try {
      const [name, id] = JSON.parse(String(cursor)) as unknown[];
      if (typeof name === 'string' && typeof id === 'string' && !/\0/.test(name + id)) return [name, id];
    } catch {}
    throw problem(400, '`cursor` is none that a page gave as `next`.', {kind: 'bad-cursor'});
  };

  return [
    {
      method: 'POST',
      path: '/v1/items',
      summary: 'Add an item',
      body: BODY,
      answers: {201: ITEM},
      handle: async ({body}) => {
        const {name, quantity} = body as Item;
        const [item] = await database.query<Item>(
          'insert into items (id, name, quantity) values ($1, $2, $3) returning *',
          [newId(), name, quantity],
        );
        if (item === undefined) throw notThere();
        return shown(item, 201);
      },
    },
    {
      method: 'GET',
      path: '/v1/items',
      summary: 'Items, page by page, by name',
      query: object(
        {limit: {type: 'integer', minimum: 1, maximum: 100, default: 20}, cursor: {type: 'string', maxLength: 1_000}},
        [],
      ),
      answers: {200: PAGE},
      handle: async ({query}) => {
        const limit = Number(query.limit);
        const after = query.cursor === undefined ? ['', ''] : read(query.cursor);
        const found = await database.query<Item>(
          'select id, name, quantity from items where (name, id) > ($1, $2) order by name, id limit $3',
          [...after, limit + 1],
        );
        const items = found.slice(0, limit);
        const last = items.at(-1);
        const next = found.length > limit && last ? JSON.stringify([last.name, last.id]) : null;
        return {status: 200, body: {items, next}};
      },
    },
    {
      method: 'GET',
      path: '/v1/items/:id',
      summary: 'An item',
      params,
      answers: {200: ITEM},
      problems: [404],
      handle: async ({params: {id}}) => {
        const [item] = await database.query<Item>('select * from items where id = $1', [id]);
        if (item === undefined) throw notThere();
        return shown(item);
      },
    },
    {
      method: 'PUT',
      path: '/v1/items/:id',
      summary: 'Change an item',
      params,
      body: BODY,
      answers: {200: ITEM},
      problems: [404, 412, 428],
      handle: async ({params: {id}, body, headers}) => {
        const match = headers['if-match'];
        if (match === undefined) throw problem(428, 'Say which version you change: If-Match.', {kind: 'no-version'});
        const {name, quantity} = body as Item;
        return database.transaction(async transaction => {
          const [before] = await transaction.query<Item>('select * from items where id = $1', [id]);
          if (before === undefined) throw notThere();
          if (match !== `"${before.version}"`) throw problem(412, 'It was changed since.', {kind: 'version-conflict'});
          const [item] = await transaction.query<Item>(
            'update items set name = $2, quantity = $3, version = $4 where id = $1 returning *',
            [id, name, quantity, before.version + 1],
          );
          if (item === undefined) throw notThere();
          return shown(item);
        });
      },
    },
    {
      method: 'DELETE',
      path: '/v1/items/:id',
      summary: 'Take an item away',
      params,
      answers: {204: null},
      problems: [404],
      handle: async ({params: {id}}) => {
        const gone = await database.query('delete from items where id = $1 returning 1', [id]);
        if (gone.length === 0) throw notThere();
        return {status: 204};
      },
    },
  ];
};
