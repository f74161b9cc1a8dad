import {defineLab, type Evidence, type LabTools, type TimedAct} from '../../src/labs/lab.ts';
import {operationsAt, together} from '../../src/labs/operations.ts';
import {fail, inconclusive, type Judgement, pass, unlessBusy} from '../../src/labs/verdict.ts';
import type {LedgerEntry, Operation} from '../../src/load/load.ts';
import {spec} from '../../src/topology/default.ts';
import type {Topology} from '../../src/topology/topology.ts';
import {type Accounts, quotaTraffic, wrongReads} from './traffic.ts';
import {type Look, observe, runReport, type Watch} from './watch.ts';

const HOT = 40;
const COLD = 20_000;
const REPORT = {atMs: 300, forMs: 6_000};
const UP_AT_MS = 1_000;
const DONE_WITHIN_MS = 4_000;
const DOWN_AT_MS = 11_000;
const SECOND_REPORT = {atMs: DOWN_AT_MS - 500, forMs: 2_500};
const LOAD_MS = 16_000;
const WAIT_MAX_MS = 1_000;
const BATCH_MAX = 1_000;

type Setup = Accounts & {
  readonly watch: Watch;
  /** Columns, triggers and functions as version 1 has them. */
  readonly schema: readonly string[];
};

type Final = {
  /** What is left in the schema that was not there before. */
  readonly leftovers: readonly string[];
};

type Run = Evidence<Setup, Final>;

const lab = defineLab<Setup, Final>({
  id: 'p1-10-migrate-hot',
  title: 'Migrate while it is hot',
  phase: 1,
  weeks: [3, 4],
  objective: 'database per service',
  concepts: ['database strategy'],
  minutes: 35,
  needs: ['p1-04-evolve-the-api'],
  topology: topology(),
  seams: {'quotas-v2': {repository: 'repository.ts'}},
  given: {gateway: {routes: 'routes.ts', 'upstream-policy': 'upstream-policy.ts', shedding: 'shedding.ts'}},
  watch: 'the longest wait',
  timescale: 'the long SELECT takes 6 s, not minutes; 20,000 rows, not millions',
  setUp: async tools => {
    const coldPrefix = `c${tools.random.hex(4)}-`;
    await tools.sql(
      'stream-db',
      `insert into quotas (account, events_per_second)
       select $1::text || i, 1 + ((i::bigint * 7919) % 5000) from generate_series(1, $2::int) as i`,
      [coldPrefix, COLD],
    );
    const hot = Array.from({length: HOT}, () => `h${tools.random.hex(10)}`);
    await tools.sql('stream-db', 'insert into quotas (account, events_per_second) select unnest($1::text[]), 1', [hot]);
    return {hot, coldPrefix, coldCount: COLD, watch: {reports: [], looks: []}, schema: await schemaOf(tools)};
  },
  baseline: {
    load: (tools, accounts) => ({operations: quotaTraffic(tools.random, accounts, 3_000)}),
    okShareMin: 0.97,
  },
  load: (tools, setup) => {
    return {
      operations: together(
        quotaTraffic(tools.random, setup, LOAD_MS),
        operator('up', UP_AT_MS, 'after'),
        operator('down', DOWN_AT_MS, 'before'),
      ),
    };
  },
  faults: (tools, {watch}) => [
    act('the lab looks at the table', 0, () => observe(tools, watch, LOAD_MS)),
    act("somebody's SELECT begins", REPORT.atMs, () => runReport(tools, watch, REPORT.forMs)),
    act('another SELECT begins', SECOND_REPORT.atMs, () => runReport(tools, watch, SECOND_REPORT.forMs)),
  ],
  recovery: {withinMs: 5_000},
  final: async (tools, {schema}) => ({leftovers: (await schemaOf(tools)).filter(part => !schema.includes(part))}),
  summary: evidence => {
    const failed = evidence.attack.filter(({outcome}) => outcome !== 'ok');
    return [
      `A SELECT of ${REPORT.forMs / 1000} s ran when the schema was to change: the longest wait of a request was ${(longestWait(evidence)?.latencyMs ?? 0).toFixed(0)} ms, ${failed.length} of ${evidence.attack.length} failed.`,
      `${wrongReads(evidence.attack).length} reads gave something else than what had been written; the largest batch had ${largestBatch(evidence) ?? 'no'} rows.`,
    ];
  },
  tasks: [
    {
      id: 'nobody-waits',
      title: 'No request waits longer than a second',
      judges: 'timing',
      codes: ['WAITED_TOO_LONG'],
      judge: evidence => {
        const longest = longestWait(evidence);
        const expected = `at most ${WAIT_MAX_MS} ms from the intended start to the answer, for every request`;
        if (longest === undefined) return inconclusive('NOTHING_ASKED', 'nothing was asked', expected);
        const observed = `the longest wait was ${Math.round(longest.latencyMs)} ms`;
        if (longest.latencyMs <= WAIT_MAX_MS) return pass(observed, expected);
        const late = requests(evidence).filter(({latencyMs}) => latencyMs > WAIT_MAX_MS);
        return fail('WAITED_TOO_LONG', observed, expected, [
          ...late.slice(0, 3).map(entry => told(evidence, entry)),
          `${late.length} requests waited longer; ${reportsTold(evidence)}`,
        ]);
      },
    },
    {
      id: 'no-errors',
      title: 'No request fails',
      judges: 'counting',
      codes: ['FAILED_REQUESTS'],
      judge: evidence => {
        const all = evidence.attack;
        const failed = all.filter(({outcome}) => outcome !== 'ok');
        const observed = `${all.length - failed.length} of ${all.length} requests were answered`;
        const expected = 'all of them, before, while and after the schema changes';
        if (failed.length === 0) return pass(observed, expected);
        return unlessBusy(
          evidence.control.busy,
          1 - failed.length / all.length,
          fail(
            'FAILED_REQUESTS',
            observed,
            expected,
            failed.slice(0, 4).map(entry => told(evidence, entry)),
          ),
        );
      },
    },
    {
      id: 'report-finishes',
      title: 'The long SELECT finishes',
      judges: 'counting',
      codes: ['REPORT_KILLED'],
      judge: ({setup: {watch}}) => {
        const killed = watch.reports.filter(({error}) => error !== null);
        const expected = 'both reports run to their end';
        if (watch.reports.length < 2) return inconclusive('NO_REPORT', 'a report was never begun', expected);
        if (killed.length === 0) return pass('both reports ran to their end', expected);
        return fail(
          'REPORT_KILLED',
          `${killed.length} of ${watch.reports.length} reports were ended`,
          expected,
          killed.map(({error}) => `the report ended with: ${error}`),
        );
      },
    },
    {
      id: 'done-and-taken-back',
      title: 'Both schema changes are done soon after the SELECT',
      judges: 'counting',
      codes: ['NOT_DONE', 'NOT_TAKEN_BACK'],
      judge: judgeDone,
    },
    {
      id: 'both-versions',
      title: 'Both versions read what either has written',
      judges: 'counting',
      codes: ['WRONG_READ', 'COLUMNS_DIFFER'],
      judge: judgeBoth,
    },
    {
      id: 'in-batches',
      title: 'The backfill goes in batches of at most 1,000 rows',
      judges: 'counting',
      codes: ['NOT_BATCHED'],
      judge: evidence => {
        const largest = largestBatch(evidence);
        const expected = `no transaction writes more than ${BATCH_MAX} of the ${COLD} rows`;
        if (largest === undefined) return inconclusive('NOT_FILLED', 'the new column was never filled', expected);
        const observed = `the largest transaction wrote ${largest} rows`;
        if (largest <= BATCH_MAX) return pass(observed, expected);
        return fail('NOT_BATCHED', observed, expected, [
          'seen in the rows themselves: each carries the number of the transaction that wrote it last (xmin)',
          'until a transaction ends, whoever wants one of its rows waits; and it is undone as a whole',
        ]);
      },
    },
  ],
  wrong: [
    {
      name: 'timeout-and-give-up',
      task: 'done-and-taken-back',
      code: 'NOT_DONE',
      why: 'lock_timeout keeps the queue away, and the deployment "just fails now and then"',
    },
    {
      name: 'kill-the-report',
      task: 'report-finishes',
      code: 'REPORT_KILLED',
      why: 'whoever is in the way is a stranger, and the migration is ours',
    },
    {
      name: 'all-at-once',
      task: 'in-batches',
      code: 'NOT_BATCHED',
      why: 'one UPDATE is one line, and quick on the laptop',
    },
    {
      name: 'new-column-only',
      task: 'both-versions',
      code: 'WRONG_READ',
      why: 'the new code reads the new column, as if the old code were gone and the rows filled',
    },
    {
      name: 'dual-write-in-one',
      task: 'both-versions',
      code: 'WRONG_READ',
      why: 'the new version writes both columns; that the old one goes on writing one is forgotten',
    },
  ],
});
export default lab;

/** Version 1 of quotas, which is what runs today, and version 2 with the learner's repository, on one database. */
function topology(): Topology {
  const quotas = {...spec('service'), modules: ['quotas'] as const};
  return {
    services: {
      gateway: spec('service'),
      'quotas-v1': quotas,
      'quotas-v2': quotas,
      'stream-db': spec('postgres'),
      broker: spec('broker'),
    },
    links: [
      {from: 'client', to: 'gateway', protocol: 'http'},
      {from: 'gateway', to: 'quotas-v1', protocol: 'http'},
      {from: 'gateway', to: 'quotas-v2', protocol: 'http'},
      {from: 'gateway', to: 'broker', protocol: 'postgres'},
      {from: 'quotas-v1', to: 'stream-db', protocol: 'postgres'},
      {from: 'quotas-v2', to: 'stream-db', protocol: 'postgres'},
    ],
  };
}

/** What others do at the table, past the services. */
function act(name: string, atMs: number, work: () => Promise<void>): TimedAct {
  return {kind: 'act', name, atMs, act: work};
}

function operator(name: string, atMs: number, to: 'after' | 'before'): readonly Operation[] {
  return operationsAt(name, [atMs], () => ({
    request: {
      method: 'PUT',
      path: '/v1/schema-change',
      headers: {'content-type': 'application/json'},
      body: JSON.stringify({to}),
    },
    patienceMs: 5_000,
  }));
}

async function schemaOf(tools: LabTools): Promise<readonly string[]> {
  const rows = await tools.sql<{what: string}>(
    'stream-db',
    `select 'the column ' || attname as what from pg_attribute where attrelid = 'public.quotas'::regclass and attnum > 0
       and not attisdropped
     union all select 'the trigger ' || tgname from pg_trigger where tgrelid = 'public.quotas'::regclass and not tgisinternal
     union all select 'the function ' || proname from pg_proc where pronamespace = 'public'::regnamespace`,
  );
  return rows.map(({what}) => what);
}

function requests({attack}: Run): readonly LedgerEntry[] {
  return attack.filter(({name}) => name !== 'up' && name !== 'down');
}

function longestWait(evidence: Run): LedgerEntry | undefined {
  return requests(evidence).toSorted((a, b) => b.latencyMs - a.latencyMs)[0];
}

function told({times}: Run, entry: LedgerEntry): string {
  const {method, path} = entry.operation.request;
  const at = ((entry.intendedAt - times.attackFrom) / 1000).toFixed(2);
  return `op ${entry.id} at +${at} s: ${method} ${path}: ${entry.status ?? entry.sends.at(-1)?.error ?? 'no answer'} after ${Math.round(entry.latencyMs)} ms`;
}

function reportsTold({setup: {watch}, times}: Run): string {
  const at = (time: number): string => `+${((time - times.attackFrom) / 1000).toFixed(1)} s`;
  const spans = watch.reports.map(
    ({startedAt, endedAt}) => `from ${at(startedAt)} to ${endedAt === null ? 'where it was ended' : at(endedAt)}`,
  );
  return `the SELECTs ran ${spans.join(' and ')}`;
}

/** When the operator asked for the change to be taken back. */
function downAt({attack, times}: Run): number {
  return attack.find(({name}) => name === 'down')?.intendedAt ?? times.attackTo;
}

/** Looks at the table between the moment from which the change was done and the one when it was taken back. */
function looksWhenDone(evidence: Run): readonly Look[] {
  const before = evidence.setup.watch.looks.filter(({at}) => at < downAt(evidence));
  const from = before.findIndex(({differing}) => differing === 0);
  return from < 0 ? [] : before.slice(from);
}

function largestBatch(evidence: Run): number | undefined {
  const filled = looksWhenDone(evidence)[0] ?? evidence.setup.watch.looks.findLast(({hasColumn}) => hasColumn);
  return filled?.largestBatch ?? undefined;
}

function judgeDone(evidence: Run): Judgement {
  const {setup, final, times} = evidence;
  const [report, second] = setup.watch.reports;
  const seconds = DONE_WITHIN_MS / 1000;
  const expected = `the new column is filled ${seconds} s after the first SELECT, and nothing of it is left at the end`;
  if (report === undefined || second === undefined || setup.watch.looks.length === 0)
    return inconclusive('NOT_SEEN', 'the table could not be looked at', expected);
  const reportEnd = report.endedAt ?? report.startedAt + REPORT.forMs;
  const [done] = looksWhenDone(evidence);
  const last = setup.watch.looks.filter(({at}) => at < downAt(evidence)).at(-1);
  const state =
    last?.hasColumn === true
      ? `${last.differing ?? 'all'} rows were not filled in`
      : 'there was no column events_per_minute';
  if (done === undefined || done.at > reportEnd + DONE_WITHIN_MS)
    return fail(
      'NOT_DONE',
      done === undefined
        ? `the change was not done when it was to be taken back: ${state}`
        : `the change was done ${((done.at - reportEnd) / 1000).toFixed(1)} s after the SELECT`,
      expected,
      [reportsTold(evidence), ...filling(evidence)],
    );
  const after = `the change was done ${((done.at - times.attackFrom) / 1000).toFixed(1)} s into the load, the SELECT ended at ${((reportEnd - times.attackFrom) / 1000).toFixed(1)} s`;
  if (final.leftovers.length > 0)
    return fail(
      'NOT_TAKEN_BACK',
      `${final.leftovers.join(', ')} ${final.leftovers.length === 1 ? 'is' : 'are'} still there at the end`,
      expected,
      [after, reportsTold(evidence)],
    );
  return pass(`${after}; nothing of it was left at the end`, expected);
}

function filling({setup: {watch}, times}: Run): readonly string[] {
  return watch.looks
    .filter(({hasColumn}) => hasColumn)
    .slice(0, 4)
    .map(({at, differing}) => `+${((at - times.attackFrom) / 1000).toFixed(1)} s: ${differing} rows to fill`);
}

function judgeBoth(evidence: Run): Judgement {
  const expected =
    'a read gives what was acknowledged last, whichever version wrote or reads it; and the columns agree in every row once they are filled';
  const reads = evidence.attack.filter(({name, outcome}) => name.startsWith('read') && outcome === 'ok');
  const wrong = wrongReads(evidence.attack);
  if (reads.length < 200) return inconclusive('NOTHING_READ', `${reads.length} reads were answered`, expected);
  if (wrong.length > 0)
    return fail('WRONG_READ', `${wrong.length} of ${reads.length} reads gave something else`, expected, [
      ...wrong
        .slice(0, 3)
        .map(
          ({entry, got, expected: values}) =>
            `${told(evidence, entry)}, ${String(got)} instead of ${values.join(' or ')}`,
        ),
    ]);
  const looks = looksWhenDone(evidence);
  const apart = looks.filter(({differing}) => differing !== 0);
  if (apart.length > 0)
    return fail(
      'COLUMNS_DIFFER',
      `in ${apart.length} of ${looks.length} looks at the filled table its columns did not agree`,
      expected,
      apart
        .slice(0, 3)
        .map(({at, differing}) => `+${((at - evidence.times.attackFrom) / 1000).toFixed(1)} s: ${differing} rows`),
    );
  return pass(`${reads.length} reads, all right; the columns agreed in ${looks.length} looks`, expected);
}
