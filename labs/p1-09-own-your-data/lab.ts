import {defineLab, type TimedAct} from '../../src/labs/lab.ts';
import {together} from '../../src/labs/operations.ts';
import {defaultTopology} from '../../src/topology/default.ts';
import {compare} from './copies.ts';
import {differing, type Final, mostSessions, type Setup} from './evidence.ts';
import {EQUAL_WITHIN_MS, judgeEqual, judgeGrants, judgeSessions, judgeUnbroken} from './judges.ts';
import {setUp} from './set-up.ts';
import {LOAD_MS, pages, renames} from './traffic.ts';
import {countSessions, readable, rename, renameBack} from './watch.ts';

const RENAME_AT_MS = 3_500;
const BACK_AT_MS = 7_500;

export default defineLab<Setup, Final>({
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
  setUp,
  baseline: {
    load: (tools, setup) => ({operations: pages(tools, setup, 2_500)}),
    okShareMin: 0.95,
  },
  load: (tools, setup) => ({operations: together(pages(tools, setup, LOAD_MS), renames(tools, setup))}),
  faults: (tools, {watch}) => [
    act('the lab counts sessions', 0, cut => countSessions(tools, watch, LOAD_MS, cut)),
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
  glance: async tools => ({source: {}, copies: [], readable: await readable(tools)}),
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
      // Grants are made when identity starts; nothing takes one back later.
      settled: {READS_FOREIGN_TABLES: 'at-once'},
      judge: judgeGrants,
    },
    {
      id: 'no-sessions',
      title: "It has no session in identity's database",
      judges: 'counting',
      codes: ['OPENS_SESSIONS'],
      settled: {OPENS_SESSIONS: 'at-once'},
      judge: judgeSessions,
    },
    {
      id: 'nothing-breaks',
      title: "Identity's migration breaks nothing",
      judges: 'counting',
      codes: ['BROKEN_BY_MIGRATION', 'IDENTITY_BROKEN'],
      settled: {BROKEN_BY_MIGRATION: 'at-once', IDENTITY_BROKEN: 'at-once'},
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

function act(name: string, atMs: number, work: TimedAct['act']): TimedAct {
  return {kind: 'act', name, atMs, act: work};
}
