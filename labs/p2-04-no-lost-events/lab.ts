import {defineLab} from '../../src/labs/lab.ts';
import {compare, type Final, readEffectsFirst, readFinal} from './evidence.ts';
import {DRAINED_WITHIN_MS, judgeBacklog, judgeExtra, judgeMissing, judgeTwice} from './judges.ts';
import {RATE_PER_SECOND, registrations} from './traffic.ts';

const ACKNOWLEDGED = 300;

export default defineLab<undefined, Final>({
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
    operations: registrations(tools, 'attack', RATE_PER_SECOND * 40),
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
      const {committed, effects, lag} = await readFinal(tools);
      return lag === 0 && committed.every(account => effects[account] !== undefined);
    },
  },
  glance: readEffectsFirst,
  final: readFinal,
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
      judge: judgeExtra,
    },
    {
      id: 'nothing-twice',
      title: 'No event takes effect twice',
      judges: 'counting',
      codes: ['EFFECT_TWICE'],
      settled: {EFFECT_TWICE: 'at-once'},
      judge: judgeTwice,
    },
    {
      id: 'backlog-drains',
      title: 'The backlog is empty 10 s after recovery',
      judges: 'timing',
      codes: ['BACKLOG_LEFT'],
      judge: judgeBacklog,
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
