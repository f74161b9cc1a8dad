import {compareEffects, type EffectsDifference} from '../../src/checkers/effects.ts';
import {jsonObject} from '../../src/labs/accounts.ts';
import {defineLab, type Evidence, type LabTools} from '../../src/labs/lab.ts';
import {fail, type Judgement, pass} from '../../src/labs/verdict.ts';
import type {Operation} from '../../src/load/load.ts';

const RATE_PER_SECOND = 20;
const ACKNOWLEDGED = 300;
const DRAINED_WITHIN_MS = 10_000;

type Final = {
  /** Ids of the accounts that are committed in identity-db. */
  readonly committed: readonly string[];
  /** What stream made of the events: how many effects each account had there. */
  readonly effects: Readonly<Record<string, number>>;
  /** Messages that stream has not worked off. */
  readonly lag: number;
};

const lab = defineLab<undefined, Final>({
  id: 'p2-04-no-lost-events',
  title: 'No lost events',
  phase: 2,
  weeks: [5, 6],
  objective: 'distributed transactions',
  concepts: ['database strategy', 'message queues and event streams'],
  minutes: 40,
  needs: ['p2-07-once-in-effect'],
  replicas: {identity: 2},
  seams: {identity: {publisher: 'publisher.ts'}},
  watch: 'accounts without an event',
  yourTests: {
    file: 'tests.ts',
    node: 'identity-db',
    right: [{name: 'locks-rows', why: 'its relay keeps rows locked while it publishes them, and deletes them'}],
    wrong: [
      {
        name: 'one-death',
        code: 'TEST_MISSES',
        why: 'the death between commit and publishing is the one that everybody knows',
      },
      {
        name: 'wants-an-error',
        code: 'TEST_FAILS_ON_REFERENCE',
        why: 'an outage of the broker is taken for one of everybody who publishes to it',
      },
    ],
  },
  baseline: {
    load: tools => ({operations: registrations(tools, 'before', 50)}),
    okShareMin: 0.98,
  },
  load: tools => ({
    operations: registrations(tools, 'attack', RATE_PER_SECOND * 45),
    stopAfterOk: ACKNOWLEDGED,
    okMin: ACKNOWLEDGED,
  }),
  faults: () => [
    // One replica is far from the database, the other near: the near one's transactions overtake the far one's in every run, not by luck.
    {
      kind: 'latency',
      target: 'identity-1->identity-db',
      attributes: {latency: 120, jitter: 30},
      atMs: 0,
      forMs: 15_000,
    },
    {kind: 'isolate', target: 'broker', atMs: 4_000, forMs: 6_000},
    series('after_commit_before_publish', 8, 500),
    series('before_commit', 3, 1_000),
    series('after_publish', 2, 10_500),
  ],
  recovery: {
    withinMs: DRAINED_WITHIN_MS,
    recovered: async tools => {
      const {committed, effects, lag} = await read(tools);
      return lag === 0 && committed.every(account => effects[account] !== undefined);
    },
  },
  glance: readEffectsFirst,
  final: read,
  summary: evidence => {
    const {missing, phantom, duplicated} = compare(evidence.final);
    const kills = evidence.events.filter(event => event.type === 'crash-point').length;
    return [
      `${evidence.final.committed.length} accounts were committed while identity was killed ${kills} times and the broker was away for 6 s.`,
      `${missing.length} of them have no event at stream; ${phantom.length} events have no account; ${duplicated.length} took effect twice.`,
    ];
  },
  tasks: [
    {
      id: 'nothing-missing',
      title: 'Every committed account has its event',
      judges: 'counting',
      codes: ['MISSING_EVENTS', 'ACKNOWLEDGED_NOT_STORED'],
      settled: {ACKNOWLEDGED_NOT_STORED: 'at-once'},
      judge: judgeMissing,
    },
    {
      id: 'nothing-extra',
      title: 'No event without an account',
      judges: 'counting',
      codes: ['PHANTOM_EVENTS'],
      settled: {PHANTOM_EVENTS: 'at-once'},
      judge: evidence => {
        const {phantom} = compare(evidence.final);
        const expected = 'stream knows only accounts that are committed';
        if (phantom.length === 0) return pass('0 events without an account', expected, counts(evidence.final));
        return fail('PHANTOM_EVENTS', `${phantom.length} events tell of accounts that do not exist`, expected, [
          ...phantom
            .slice(0, 3)
            .map(
              account =>
                `account ${account}: stream has ${effectsOf(evidence.final, account)} registration of it, identity-db has no row`,
            ),
          ...counts(evidence.final),
        ]);
      },
    },
    {
      id: 'nothing-twice',
      title: 'No event takes effect twice',
      judges: 'counting',
      codes: ['EFFECT_TWICE'],
      settled: {EFFECT_TWICE: 'at-once'},
      judge: evidence => {
        const {duplicated} = compare(evidence.final);
        const expected = 'each account has one registration at stream';
        if (duplicated.length === 0) return pass('every effect took place once', expected, counts(evidence.final));
        return fail(
          'EFFECT_TWICE',
          `${duplicated.length} accounts have more than one registration at stream`,
          expected,
          [
            ...duplicated
              .slice(0, 3)
              .map(({id, count}) => `account ${id}: ${count} registrations, each from an event with an id of its own`),
            ...counts(evidence.final),
          ],
        );
      },
    },
    {
      id: 'backlog-drains',
      title: 'The backlog is empty 10 s after recovery',
      judges: 'timing',
      codes: ['BACKLOG_LEFT'],
      judge: ({times, final}) => {
        const expected = `everything has arrived ${DRAINED_WITHIN_MS / 1000} s after the last fault ended`;
        if (times.recoveredAt !== null)
          return pass(
            `everything had arrived ${((times.recoveredAt - times.healedAt) / 1000).toFixed(1)} s after healing`,
            expected,
          );
        return fail(
          'BACKLOG_LEFT',
          `after ${DRAINED_WITHIN_MS / 1000} s ${compare(final).missing.length} events had not arrived and ${final.lag} messages were not worked off`,
          expected,
          counts(final),
        );
      },
    },
  ],
  wrong: [
    {
      name: 'publish-first',
      task: 'nothing-extra',
      code: 'PHANTOM_EVENTS',
      why: 'publishing inside the transaction looks as if both happened together',
    },
    {
      name: 'no-relay',
      task: 'nothing-missing',
      code: 'MISSING_EVENTS',
      why: "eShop's design: an outbox that nobody reads again",
    },
    {
      name: 'retry-in-memory',
      task: 'nothing-missing',
      code: 'MISSING_EVENTS',
      why: 'a retry loop gets through every outage but its own death',
    },
    {
      name: 'mark-first',
      task: 'nothing-missing',
      code: 'MISSING_EVENTS',
      why: 'claiming rows before publishing avoids duplicates, and loses what was claimed',
    },
    {
      name: 'cursor',
      task: 'nothing-missing',
      code: 'MISSING_EVENTS',
      why: 'following a serial column is how one reads a log; a table with concurrent writers is none',
    },
    {
      name: 'fresh-ids',
      task: 'nothing-twice',
      code: 'EFFECT_TWICE',
      why: 'every message has an id of its own, so ids are made where messages are',
    },
  ],
});
export default lab;

function series(point: string, times: number, fromMs: number) {
  return {
    kind: 'crash-points',
    service: 'identity',
    points: [point],
    times,
    fromMs,
    sinceReadyMs: 700,
    skipMax: 2,
  } as const;
}

function registrations(tools: LabTools, phase: string, count: number): Operation[] {
  return Array.from({length: count}, (_, index) => {
    const name = `${phase} ${index} ${tools.random.hex(8)}`;
    return {
      id: `${phase}-${index}`,
      name: 'register',
      atMs: (index * 1000) / RATE_PER_SECOND,
      request: {
        method: 'POST',
        path: '/v1/accounts',
        headers: {'content-type': 'application/json'},
        body: JSON.stringify({name, password: tools.random.hex(12)}),
      },
      patienceMs: 5_000,
      facts: {account: name},
    };
  });
}

/** While accounts are being made: what has taken effect by now has its account in what is read after it. */
async function readEffectsFirst(tools: LabTools): Promise<Final> {
  const registered = await readEffects(tools);
  const accounts = await readAccounts(tools);
  return {committed: accounts, effects: registered, lag: 0};
}

async function read(tools: LabTools): Promise<Final> {
  const [committed, effects, broker] = await Promise.all([readAccounts(tools), readEffects(tools), tools.broker()]);
  const lag = await broker.lag('identity.events');
  return {committed, effects, lag: lag.reduce((sum, part) => sum + part.lag, 0)};
}

async function readAccounts(tools: LabTools): Promise<readonly string[]> {
  return (await tools.sql<{id: string}>('identity-db', 'select id from accounts')).map(({id}) => id);
}

async function readEffects(tools: LabTools): Promise<Readonly<Record<string, number>>> {
  const registered = await tools.sql<{account: string; effects: number}>(
    'stream-db',
    'select account, count(*)::int as effects from registrations group by account',
  );
  return Object.fromEntries(registered.map(({account, effects}) => [account, effects]));
}

function compare({committed, effects}: Final): EffectsDifference {
  return compareEffects(
    committed,
    Object.entries(effects).flatMap(([account, count]) => Array.from({length: count}, () => account)),
  );
}

function judgeMissing(evidence: Evidence<undefined, Final>): Judgement {
  const {missing} = compare(evidence.final);
  const stored = new Set(evidence.final.committed);
  const acknowledged = evidence.attack.filter(entry => entry.outcome === 'ok');
  const lost = acknowledged.filter(entry => !stored.has(accountOf(entry.sends.at(-1)?.body) ?? ''));
  const expected =
    'stream has heard of every account that is committed in identity-db, and every acknowledged account is committed';
  if (lost.length > 0) {
    return fail(
      'ACKNOWLEDGED_NOT_STORED',
      `${lost.length} of ${acknowledged.length} acknowledged accounts are not in identity-db`,
      expected,
      [
        ...lost
          .slice(0, 3)
          .map(entry => `op ${entry.id}: answered ${entry.status} after ${Math.round(entry.latencyMs)} ms, no row`),
        ...counts(evidence.final),
      ],
    );
  }
  if (missing.length === 0)
    return pass(`0 of ${stored.size} committed accounts are without an event`, expected, counts(evidence.final));
  return fail('MISSING_EVENTS', `${missing.length} of ${stored.size} committed accounts have no event`, expected, [
    ...stories(evidence, missing),
    ...counts(evidence.final),
  ]);
}

/** What became of the operations whose account nobody heard of. */
function stories({attack, events, times}: Evidence<undefined, Final>, missing: readonly string[]): string[] {
  const byAccount = new Map(attack.map(entry => [accountOf(entry.sends.at(-1)?.body), entry]));
  const told = missing.slice(0, 3).map(account => {
    const entry = byAccount.get(account);
    if (entry === undefined) return `account ${account}: committed, its client got no answer; stream never heard of it`;
    const at = ((entry.intendedAt - times.attackFrom) / 1000).toFixed(2);
    return `op ${entry.id} at +${at} s: answered ${entry.status}, row committed, no event`;
  });
  const kills = events.filter(event => event.type === 'crash-point' && event.at >= times.attackFrom);
  const at = kills.slice(0, 8).map(kill => `+${((kill.at - times.attackFrom) / 1000).toFixed(2)} s`);
  return [
    ...told,
    `identity was killed ${kills.length} times${at.length === 0 ? '' : `: at ${at.join(', ')}${kills.length > 8 ? ', …' : ''}`}`,
  ];
}

function counts({committed, effects, lag}: Final): string[] {
  return [
    `identity-db: ${committed.length} accounts; stream-db: ${Object.values(effects).reduce((sum, count) => sum + count, 0)} registrations of ${Object.keys(effects).length} accounts; broker: lag ${lag}`,
  ];
}

function effectsOf({effects}: Final, account: string): number {
  return effects[account] ?? 0;
}

function accountOf(body: string | undefined): string | undefined {
  const id = jsonObject(body)?.id;
  return typeof id === 'string' ? id : undefined;
}
