import {inParallel} from '../../src/labs/client.ts';
import {defineLab, type LabTools} from '../../src/labs/lab.ts';
import {together} from '../../src/labs/operations.ts';
import {withOwnService} from '../../src/topology/own-service.ts';
import {createClient, type Item} from './client.ts';
import {judgeData} from './data-judge.ts';
import {judgeDescription, judgeInput} from './judges.ts';
import {judgePages} from './page-judge.ts';
import {additions, fuzz, listings, STABLE} from './traffic.ts';
import {type Walk, walk} from './walk.ts';
import {judgeWrites} from './write-judge.ts';
import {alone, type Race, race, type Step, WRITERS} from './writers.ts';

/** Many share a name: whoever goes on behind a name alone loses the others of it. */
const NAMES = 9;
const READERS = 3;

export interface Setup {
  /** Items that nobody touches while the run lasts. */
  readonly stable: readonly Item[];
  /** Items for generated requests, which may change them and take them away. */
  readonly spare: readonly string[];
  /** What the clients that act during the load have seen. */
  readonly walks: Walk[];
  readonly races: Race[];
  readonly steps: Step[];
}

export interface Final {
  /** What is published; anything may have come. */
  readonly document: unknown;
  readonly walks: readonly Walk[];
  readonly races: readonly Race[];
  readonly steps: readonly Step[];
  /** Of the stable items: ids that are in no table of the service's own database. */
  readonly notInDatabase: readonly string[];
  /** Answers to the same item, asked for several times over all replicas, that were no 200. */
  readonly notFound: readonly {readonly id: string; readonly status: number | null}[];
}

export default defineLab<Setup, Final>({
  id: 'p1-14-your-own-service',
  title: 'Your own service',
  phase: 1,
  weeks: [3, 4],
  objective: 'API design principles',
  concepts: ['RESTful API design', 'database strategy'],
  minutes: 60,
  needs: ['p1-03-rest-that-lasts', 'p1-12-front-door'],
  topology: withOwnService(),
  replicas: {own: 2},
  seams: {own: {routes: 'routes.ts', schema: 'schema.ts'}},
  given: {gateway: {routes: 'routes.ts'}},
  watch: 'writes that were accepted and are gone',
  setUp,
  baseline: {
    load: tools => ({operations: together(additions(tools, 'before', 10, 2_000), listings(tools, 10, 2_000))}),
    okShareMin: 0.97,
  },
  load: (tools, {spare}) => ({
    operations: together(additions(tools, 'add', 8, 7_000), fuzz(tools, spare)),
    okMin: 40,
  }),
  faults: (tools, setup) => {
    const client = createClient(tools.gateways[0] ?? '', tools.random);
    const limits = tools.random.shuffle([4, 5, 7, 9, 11]).slice(0, READERS);
    return [
      {
        kind: 'act',
        name: `${READERS} readers go through all pages while items come and go`,
        atMs: 500,
        act: async () => {
          const readers = limits.map(limit => walk(client, tools.random, {limit, churn: true}));
          setup.walks.push(...(await Promise.all(readers)));
        },
      },
      {
        kind: 'act',
        name: `${WRITERS} writers raise one item`,
        atMs: 3_000,
        act: async () => {
          setup.steps.push(...(await alone(client, tools.random)));
          const raced = await race(client, tools.random);
          if (raced !== undefined) setup.races.push(raced);
        },
      },
    ];
  },
  recovery: {withinMs: 10_000},
  final,
  summary: ({final}) => [
    `${READERS} readers went through the pages: ${final.walks.reduce((sum, {pages}) => sum + pages.flat().length - new Set(pages.flat()).size, 0)} rows came twice.`,
    ...final.races.map(
      one =>
        `${WRITERS} writers raised one item: ${one.accepted} were accepted, which makes ${one.added}; it has ${(one.last ?? 0) - one.first} more.`,
    ),
  ],
  tasks: [
    {
      id: 'described',
      title: 'What it publishes is what it does',
      judges: 'counting',
      codes: ['NOT_DESCRIBED', 'ANSWERS_OTHERWISE'],
      judge: judgeDescription,
    },
    {
      id: 'bad-input',
      title: 'Bad input gets a 4xx problem, never a 5xx',
      judges: 'counting',
      codes: ['BAD_INPUT_5XX', 'BAD_INPUT_ACCEPTED', 'NOT_A_PROBLEM'],
      judge: judgeInput,
    },
    {
      id: 'whole-pages',
      title: 'Pages show every item once while others come and go',
      judges: 'counting',
      codes: ['ROW_TWICE', 'ROW_MISSING', 'PAGES_BREAK_OFF', 'PAGES_TOO_LARGE', 'NOT_BY_NAME'],
      judge: judgePages,
    },
    {
      id: 'no-lost-write',
      title: 'Accepted writes are the final value',
      judges: 'counting',
      codes: ['LOST_WRITE', 'GHOST_WRITE', 'NOT_CONDITIONAL', 'NOTHING_ACCEPTED'],
      judge: judgeWrites,
    },
    {
      id: 'own-data',
      title: 'Its data is in its own database, for all replicas',
      judges: 'counting',
      codes: ['NOT_FOUND_AGAIN', 'NOT_IN_ITS_DATABASE'],
      judge: judgeData,
    },
  ],
  wrong: [
    {
      name: 'merge-the-difference',
      task: 'no-lost-write',
      code: 'LOST_WRITE',
      why: 'no sum is lost when only the difference is written, so nobody need be refused',
    },
    {
      name: 'process-mutex',
      task: 'no-lost-write',
      code: 'LOST_WRITE',
      why: 'a lock around look and write works as long as there is one process',
    },
    {
      name: 'catch-all',
      task: 'bad-input',
      code: 'BAD_INPUT_ACCEPTED',
      why: 'whatever the database refuses is a bad request, so why describe it twice',
    },
    {
      name: 'check-then-write',
      task: 'no-lost-write',
      code: 'LOST_WRITE',
      why: 'the version is compared, and then it is written',
    },
    {
      name: 'cursor-by-name',
      task: 'whole-pages',
      code: 'ROW_MISSING',
      why: 'the list is by name, so the cursor is a name',
    },
    {
      name: 'offset-in-disguise',
      task: 'whole-pages',
      code: 'ROW_TWICE',
      why: 'a cursor with a name and a number in it looks like one, whatever is done with it',
    },
  ],
});

async function setUp(tools: LabTools): Promise<Setup> {
  const client = createClient(tools.gateways[0] ?? '', tools.random);
  const names = Array.from({length: NAMES}, () => `item-${tools.random.hex(4)}`);
  const wanted = Array.from({length: STABLE}, (_, index) => names[index % NAMES] ?? '');
  const added = await inParallel(tools.random.shuffle(wanted), 12, name => client.add(name, 1));
  const spare = await inParallel(Array.from({length: 24}), 12, () => client.add(`spare-${tools.random.hex(2)}`, 5));
  return {
    stable: added.filter(item => item !== undefined),
    spare: spare.flatMap(item => item?.id ?? []),
    walks: [],
    races: [],
    steps: [],
  };
}

async function final(tools: LabTools, {stable, walks, races, steps}: Setup): Promise<Final> {
  const client = createClient(tools.gateways[0] ?? '', tools.random);
  const {body} = await tools.http('GET', '/openapi.json');
  const sample = stable.slice(0, 12);
  const asked = await inParallel([...sample, ...sample, ...sample], 6, async ({id}) => {
    const {status} = await client.send('GET', `/v1/items/${id}`);
    return status === 200 ? [] : [{id, status}];
  });
  const tables = await tools.sql<{name: string}>(
    'own-db',
    `select quote_ident(schemaname) || '.' || quote_ident(relname) as name from pg_stat_user_tables where schemaname !~ '^pg_temp'`,
  );
  const found = new Set<string>();
  for (const {name} of tables) {
    const query = `select id from unnest($1::text[]) id where exists (select 1 from ${name} t where t::text like '%' || id || '%')`;
    for (const {id} of await tools.sql<{id: string}>('own-db', query, [sample.map(({id}) => id)])) found.add(id);
  }
  return {
    document: body,
    walks,
    races,
    steps,
    notInDatabase: sample.flatMap(({id}) => (found.has(id) ? [] : [id])),
    notFound: asked.flat(),
  };
}
