import {jsonObject, textField} from '../../src/labs/accounts.ts';
import {defineLab, type Evidence, type LabTools, type TimedAct} from '../../src/labs/lab.ts';
import {operationsAt, together} from '../../src/labs/operations.ts';
import {fail, inconclusive, type Judgement, pass, unlessBusy} from '../../src/labs/verdict.ts';
import type {LedgerEntry, Operation} from '../../src/load/load.ts';
import {defaultTopology} from '../../src/topology/default.ts';
import {countSessions, rename, renameBack, type Watch} from './watch.ts';

const OLD = 240;
const PEOPLE = 12;
const LOAD_MS = 12_000;
const READS_PER_SECOND = 12;
const RENAMES_PER_SECOND = 3;
const RENAME_AT_MS = 3_500;
const BACK_AT_MS = 7_500;
const EQUAL_WITHIN_MS = 5_000;
const IDS_A_PAGE = 8;
const PATIENCE_MS = 3_000;

interface Person {
  readonly account: string;
  readonly token: string;
}

type Setup = {
  /** Accounts of the time before identity published events. */
  readonly old: readonly string[];
  readonly people: readonly Person[];
  readonly watch: Watch;
};

type Final = {
  /** Names as identity has them, by account. */
  readonly source: Readonly<Record<string, string>>;
  /** Names as stream's pages give them, each asked for twice; null: it had none. */
  readonly copies: readonly Readonly<Record<string, string | null>>[];
  /** What of identity's database stream's role could read. */
  readonly readable: readonly string[];
};

type Run = Evidence<Setup, Final>;

const lab = defineLab<Setup, Final>({
  id: 'p1-09-own-your-data',
  title: 'Own your data',
  phase: 1,
  weeks: [5, 6],
  objective: 'database per service',
  concepts: ['database strategy', 'service boundaries and decomposition'],
  minutes: 40,
  needs: ['p2-04-no-lost-events'],
  topology: {
    ...defaultTopology(),
    links: [...defaultTopology().links, {from: 'stream', to: 'identity-db', protocol: 'postgres'}],
  },
  replicas: {stream: 2},
  seams: {identity: {sharing: 'sharing.ts'}, stream: {lookup: 'lookup.ts'}},
  given: {gateway: {routes: 'routes.ts'}},
  watch: "requests that identity's migration breaks",
  setUp: async tools => {
    const old = Array.from({length: OLD}, () => `old-${tools.random.hex(10)}`);
    await tools.sql(
      'identity-db',
      `insert into accounts (id, name, password_hash, created_at)
       select id, 'Old ' || substr(md5(id || $2), 1, 8), '', now() - interval '1 year' from unnest($1::text[]) as id`,
      [old, tools.random.hex(8)],
    );
    const people: Person[] = [];
    for (let index = 0; index < PEOPLE; index++) people.push(await signUp(tools));
    await tools.http('POST', '/v1/account-announcements', {body: {}});
    return {old, people, watch: {sessions: [], migrations: []}};
  },
  baseline: {
    load: (tools, setup) => ({operations: pages(tools, setup, 2_500)}),
    okShareMin: 0.95,
  },
  load: (tools, setup) => ({operations: together(pages(tools, setup, LOAD_MS), renames(tools, setup))}),
  faults: (tools, {watch}) => [
    act('the lab counts sessions', 0, () => countSessions(tools, watch, LOAD_MS)),
    act('identity renames its table and a column', RENAME_AT_MS, () => rename(tools, watch)),
    act('identity renames them back', BACK_AT_MS, () => renameBack(tools, watch)),
  ],
  recovery: {
    withinMs: EQUAL_WITHIN_MS,
    recovered: async (tools, setup) => {
      const {source, copies} = await compare(tools, setup);
      return copies.every(copy => differing(source, copy).length === 0);
    },
  },
  final: async (tools, setup) => ({...(await compare(tools, setup)), readable: await readable(tools)}),
  summary: evidence => {
    const failed = evidence.attack.filter(({name, outcome}) => name === 'page' && outcome !== 'ok');
    const wrong = evidence.final.copies.flatMap(copy => differing(evidence.final.source, copy));
    return [
      `Identity changed its own table ${evidence.setup.watch.migrations.length} times: ${failed.length} of stream's pages failed.`,
      `Stream's role can read ${evidence.final.readable.length} tables of identity, had up to ${mostSessions(evidence)} sessions there, and shows ${wrong.length} names that are not identity's.`,
    ];
  },
  tasks: [
    {
      id: 'no-grants',
      title: "Stream's role reads none of identity's tables",
      judges: 'counting',
      codes: ['READS_FOREIGN_TABLES'],
      judge: ({final: {readable: found}}) => {
        const expected = 'no table, no view, no column and no function of identity gives it anything';
        if (found.length === 0) return pass('there is nothing in identity-db that it may read', expected);
        return fail('READS_FOREIGN_TABLES', `it may read ${found.join(', ')}`, expected);
      },
    },
    {
      id: 'no-sessions',
      title: "It has no session in identity's database",
      judges: 'counting',
      codes: ['OPENS_SESSIONS'],
      judge: evidence => {
        const {sessions} = evidence.setup.watch;
        const expected = '0 sessions while stream is at work';
        if (sessions.length < 10) return inconclusive('NOT_SEEN', 'the sessions could not be counted', expected);
        const most = mostSessions(evidence);
        if (most === 0) return pass(`0 in ${sessions.length} looks`, expected);
        return fail(
          'OPENS_SESSIONS',
          `up to ${most} sessions, seen in ${sessions.filter(({count}) => count > 0).length} of ${sessions.length} looks`,
          expected,
          ['each is a connection less for identity, and a query that identity has never seen'],
        );
      },
    },
    {
      id: 'nothing-breaks',
      title: "Identity's migration breaks nothing",
      judges: 'counting',
      codes: ['BROKEN_BY_MIGRATION', 'IDENTITY_BROKEN'],
      judge: judgeUnbroken,
    },
    {
      id: 'copy-is-equal',
      title: 'Stream has the names that identity has, within 5 s',
      judges: 'counting',
      codes: ['NAMES_MISSING', 'NAMES_OLD'],
      judge: judgeEqual,
    },
  ],
  wrong: [
    {
      name: 'a-view-for-stream',
      task: 'no-grants',
      code: 'READS_FOREIGN_TABLES',
      why: 'a view survives the rename, and the two services still share a database, its connections and its bad days',
    },
    {
      name: 'no-announcement',
      task: 'copy-is-equal',
      code: 'NAMES_MISSING',
      why: 'from now on events tell everything; what was before is in no event',
    },
    {
      name: 'first-name-stays',
      task: 'copy-is-equal',
      code: 'NAMES_OLD',
      why: 'an insert that does nothing on conflict is idempotent, and deaf',
    },
    {
      name: 'grant-just-in-case',
      task: 'no-grants',
      code: 'READS_FOREIGN_TABLES',
      why: 'nobody takes a grant back: something might still need it',
    },
    {
      name: 'in-memory',
      task: 'copy-is-equal',
      code: 'NAMES_MISSING',
      why: 'a map is the quickest table; another replica heard the other half of the events',
    },
  ],
});
export default lab;

function act(name: string, atMs: number, work: () => Promise<void>): TimedAct {
  return {kind: 'act', name, atMs, act: work};
}

async function signUp(tools: LabTools): Promise<Person> {
  const password = tools.random.hex(16);
  const body = {name: `Person ${tools.random.hex(4)}`, password};
  const account = textField((await tools.http('POST', '/v1/accounts', {body})).body, 'id');
  const token = textField((await tools.http('POST', '/v1/sessions', {body: {account, password}})).body, 'token');
  return {account, token};
}

/** Pages of stream's: some old accounts and some of those that change their names. */
function pages({random}: LabTools, {old, people}: Setup, forMs: number): readonly Operation[] {
  const gap = 1_000 / READS_PER_SECOND;
  return operationsAt(
    'page',
    Array.from({length: Math.floor(forMs / gap)}, (_, index) => index * gap),
    () => {
      const ids = [
        ...Array.from({length: IDS_A_PAGE / 2}, () => random.pick(old)),
        ...Array.from({length: IDS_A_PAGE / 2}, () => random.pick(people).account),
      ];
      const query = [...new Set(ids)].map(id => `id=${encodeURIComponent(id)}`).join('&');
      return {request: {method: 'GET', path: `/v1/named-activity?${query}`}, patienceMs: PATIENCE_MS};
    },
  );
}

function renames({random}: LabTools, {people}: Setup): readonly Operation[] {
  const gap = 1_000 / RENAMES_PER_SECOND;
  return operationsAt(
    'rename',
    Array.from({length: Math.floor(LOAD_MS / gap)}, (_, index) => index * gap),
    index => {
      const {account, token} = people[index % people.length] as Person;
      const name = `Person ${random.hex(6)}`;
      return {
        request: {
          method: 'PATCH',
          path: '/v1/accounts/me',
          headers: {'content-type': 'application/json', authorization: `Bearer ${token}`},
          body: JSON.stringify({name}),
        },
        patienceMs: PATIENCE_MS,
        facts: {account, name},
      };
    },
  );
}

/** Names as identity has them, and as both replicas of stream show them. */
async function compare(tools: LabTools, {old, people}: Setup): Promise<Pick<Final, 'source' | 'copies'>> {
  const rows = await tools.sql<{id: string; name: string}>(
    'identity-db',
    'select id, name from accounts where closed_at is null',
  );
  const ids = [...old, ...people.map(({account}) => account)];
  const copies: Record<string, string | null>[] = [];
  // Replicas answer in turn; each is asked for everything, whoever begins.
  for (const part of [0, 1]) {
    const copy: Record<string, string | null> = {};
    for (let from = 0; from < ids.length; from += 84) {
      const wanted = ids.slice(from, from + 84);
      const query = wanted.map(id => `id=${encodeURIComponent(id)}`).join('&');
      const {body} = await tools.http('GET', `/v1/named-activity?${query}`);
      for (const id of wanted) copy[id] = null;
      for (const {account, name} of itemsOf(JSON.stringify(body))) copy[account] = name;
    }
    copies[part] = copy;
  }
  return {source: Object.fromEntries(rows.map(({id, name}) => [id, name])), copies};
}

interface Item {
  readonly account: string;
  readonly name: string | null;
}

function itemsOf(body: string | undefined): readonly Item[] {
  const items = jsonObject(body)?.items;
  return Array.isArray(items) ? (items as readonly Item[]) : [];
}

interface Difference {
  readonly account: string;
  readonly copy: string | null;
  readonly source: string | undefined;
}

function differing(source: Final['source'], copy: Readonly<Record<string, string | null>>): readonly Difference[] {
  return Object.entries(copy)
    .filter(([account, name]) => source[account] !== name)
    .map(([account, name]) => ({account, copy: name, source: source[account]}));
}

/** Whatever of identity's database the role `stream` gets something out of. */
async function readable(tools: LabTools): Promise<readonly string[]> {
  const rows = await tools.sql<{what: string}>(
    'identity-db',
    `with foreign_schemas as (
       select oid from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'
     )
     select format('%s %s', case relkind when 'v' then 'the view' when 'm' then 'the view' else 'the table' end, relname) as what
     from pg_class where relnamespace in (select oid from foreign_schemas) and relkind in ('r', 'p', 'v', 'm', 'f')
       and (has_table_privilege('stream', oid, 'select') or has_any_column_privilege('stream', oid, 'select'))
     union all
     select 'the function ' || proname from pg_proc where pronamespace in (select oid from foreign_schemas)
       and prosecdef and has_function_privilege('stream', oid, 'execute')
     union all
     select 'everything, as a member of the role ' || current_user where pg_has_role('stream', current_user, 'usage')`,
  );
  return rows.map(({what}) => what);
}

function mostSessions({setup: {watch}}: Run): number {
  return Math.max(0, ...watch.sessions.map(({count}) => count));
}

function judgeUnbroken(evidence: Run): Judgement {
  const {attack, setup, times} = evidence;
  const expected = "all of stream's pages and all changes of names are answered while identity changes its table twice";
  const [first] = setup.watch.migrations;
  if (setup.watch.migrations.length < 2 || first === undefined)
    return inconclusive('NOT_MIGRATED', 'identity could not change its table', expected);
  const failedOf = (name: string): readonly LedgerEntry[] =>
    attack.filter(entry => entry.name === name && entry.outcome !== 'ok');
  const told = (entries: readonly LedgerEntry[]): string[] =>
    entries.slice(0, 3).map(entry => {
      const at = ((entry.intendedAt - times.attackFrom) / 1000).toFixed(2);
      return `op ${entry.id} at +${at} s: ${entry.status ?? entry.sends.at(-1)?.error ?? 'no answer'} (identity renamed at +${((first - times.attackFrom) / 1000).toFixed(2)} s)`;
    });
  const [pagesFailed, renamesFailed] = [failedOf('page'), failedOf('rename')];
  const share = (failed: readonly LedgerEntry[]): number => 1 - failed.length / Math.max(1, attack.length);
  if (pagesFailed.length > 0)
    return unlessBusy(
      evidence.control.busy && !pagesFailed.some(({status}) => status === 500),
      share(pagesFailed),
      fail('BROKEN_BY_MIGRATION', `${pagesFailed.length} of stream's pages failed`, expected, told(pagesFailed)),
    );
  if (renamesFailed.length > 0)
    return unlessBusy(
      evidence.control.busy,
      share(renamesFailed),
      fail('IDENTITY_BROKEN', `${renamesFailed.length} changes of a name failed`, expected, told(renamesFailed)),
    );
  return pass(
    `${attack.length} of ${attack.length} were answered, over ${setup.watch.migrations.length} changes`,
    expected,
  );
}

function judgeEqual({final, times, attack}: Run): Judgement {
  const expected = `every account has identity's name in stream's pages ${EQUAL_WITHIN_MS / 1000} s after the last change`;
  const renamed = attack.filter(({name, outcome}) => name === 'rename' && outcome === 'ok').length;
  if (renamed === 0) return inconclusive('NOTHING_RENAMED', 'no name was changed', expected);
  const differences = final.copies.flatMap(copy => differing(final.source, copy));
  const missing = differences.filter(({copy}) => copy === null);
  const told = (list: readonly Difference[]): string[] =>
    list
      .slice(0, 3)
      .map(
        ({account, copy, source}) =>
          `account ${account}: stream shows ${copy ?? 'no name'}, identity has ${source ?? 'no such account'}`,
      );
  if (missing.length > 0)
    return fail(
      'NAMES_MISSING',
      `${missing.length} names are missing in two rounds of stream's pages`,
      expected,
      told(missing),
    );
  if (differences.length > 0)
    return fail(
      'NAMES_OLD',
      `${differences.length} names are not those that identity has`,
      expected,
      told(differences),
    );
  if (times.recoveredAt === null)
    return fail(
      'NAMES_OLD',
      `they were equal only more than ${EQUAL_WITHIN_MS / 1000} s after the last change`,
      expected,
    );
  return pass(
    `equal ${((times.recoveredAt - times.healedAt) / 1000).toFixed(1)} s after the load, after ${renamed} changes`,
    expected,
  );
}
