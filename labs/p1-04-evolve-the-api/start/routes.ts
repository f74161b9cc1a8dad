import type {CreateRoutes} from 'teralab/own/seams/routes';

type Body = Readonly<Record<string, string | null>>;

const text = {type: 'string', minLength: 1, maxLength: 80};
const more = {pronouns: {type: ['string', 'null']}};
const object = (properties: object, required: readonly string[]) => ({type: 'object', properties, required});

/** What runs today is the release with the empty name; `add`, `migrate` and `remove` come after it. */
export const createRoutes: CreateRoutes = ({database, newId, problem, release}) => {
  const isToday = release === '';
  const path = isToday ? '/v1/profiles' : '/v2/profiles';
  const field = isToday ? 'fullname' : 'displayName';
  const column = isToday ? 'fullname' : 'display_name';
  const body = object({[field]: text, city: text, ...(isToday ? {} : more)}, [field, 'city']);
  const profile = {...body, properties: {...body.properties, id: text}};

  const find = async (id = '') => {
    const shown = `id, ${column} as "${field}", city${isToday ? '' : ', pronouns'}`;
    const [row] = await database.query(`select ${shown} from profiles where id = $1`, [id]);
    if (row === undefined) throw problem(404, 'There is no such profile.');
    return row;
  };
  const write = async (id = '', given: Body) => {
    const set = `update profiles set ${column} = $2, city = $3 where id = $1`;
    await database.query(set, [id, given[field], given.city]);
    if (!isToday) await database.query('update profiles set pronouns = $2 where id = $1', [id, given.pronouns ?? null]);
    return find(id);
  };
  return [
    {
      method: 'POST',
      path,
      summary: 'Add a profile',
      body,
      answers: {201: profile},
      handle: async request => {
        const id = newId();
        await database.query(`insert into profiles (id, ${column}, city) values ($1, '', '')`, [id]);
        return {status: 201, body: await write(id, request.body as Body)};
      },
    },
    {
      method: 'GET',
      path: `${path}/:id`,
      summary: 'A profile',
      answers: {200: profile},
      problems: [404],
      handle: async ({params}) => ({status: 200, body: await find(params.id)}),
    },
    {
      method: 'PUT',
      path: `${path}/:id`,
      summary: 'Change a profile',
      body,
      answers: {200: profile},
      problems: [404],
      handle: async request => ({status: 200, body: await write(request.params.id, request.body as Body)}),
    },
  ];
};
