import type {CreateRoutes, OwnRoute} from 'teralab/own/seams/routes';

type Body = Readonly<Record<string, string | null>>;

const text = {type: 'string', minLength: 1, maxLength: 80};
const object = (properties: object, required = Object.keys(properties)) => ({type: 'object', properties, required});
const pronouns = {type: ['string', 'null']};

/** How a version of the API calls the name, and in which column a release keeps it. */
interface Version {
  readonly version: string;
  readonly field: string;
  readonly column: string;
  /** Members of its own besides the name and the city: only what a version knows may it write. */
  readonly more: readonly string[];
}

export const createRoutes: CreateRoutes = ({database, newId, problem}) => {
  // One code for all releases: nothing differs, so nothing can go wrong.
  const column = 'display_name';
  const v1: Version = {version: 'v1', field: 'fullname', column, more: []};
  const v2: Version = {version: 'v2', field: 'displayName', column, more: ['pronouns']};
  return [...routesOf(v1), ...routesOf(v2)];

  function routesOf({version, field, column, more}: Version): readonly OwnRoute[] {
    const own = Object.fromEntries(more.map(name => [name, pronouns]));
    const body = object({[field]: text, city: text, ...own}, [field, 'city']);
    const shape = object({id: text, [field]: text, city: text, ...own}, ['id', field, 'city']);
    const shown = [`id, ${column} as "${field}", city`, ...more].join(', ');

    const find = async (id = '') => {
      const [row] = await database.query(`select ${shown} from profiles where id = $1`, [id]);
      if (row === undefined) throw problem(404, 'There is no such profile.');
      return row;
    };
    const valuesOf = (raw: unknown) => {
      const given = raw as Body;
      return [given[field], given.city, ...more.map(name => given[name] ?? null)];
    };
    const columns = [column, 'city', ...more];
    return [
      {
        method: 'POST',
        path: `/${version}/profiles`,
        summary: 'Add a profile',
        body,
        answers: {201: shape},
        handle: async request => {
          const id = newId();
          const places = columns.map((_, index) => `$${index + 2}`);
          const insert = `insert into profiles (id, ${columns.join()}) values ($1, ${places.join()})`;
          await database.query(insert, [id, ...valuesOf(request.body)]);
          return {status: 201, body: await find(id)};
        },
      },
      {
        method: 'GET',
        path: `/${version}/profiles/:id`,
        summary: 'A profile',
        answers: {200: shape},
        problems: [404],
        handle: async ({params}) => ({status: 200, body: await find(params.id)}),
      },
      {
        method: 'PUT',
        path: `/${version}/profiles/:id`,
        summary: 'Change a profile',
        body,
        answers: {200: shape},
        problems: [404],
        handle: async ({params, body: raw}) => {
          const set = columns.map((name, index) => `${name} = $${index + 2}`);
          await database.query(`update profiles set ${set.join()} where id = $1`, [params.id, ...valuesOf(raw)]);
          return {status: 200, body: await find(params.id)};
        },
      },
    ];
  }
};
