import type {StatusReport} from '../../controller/protocol.ts';
import type {FaultRecord} from '../../faults/fault.ts';
import type {CheckResult} from '../../labs/verdict.ts';
import type {LabText, LearningPath, PathLab} from '../session.ts';

/** A Monday noon; tests count from here. */
export const NOON = Date.UTC(2030, 0, 7, 12);

export const samplePath: LearningPath = {
  phases: [
    {phase: 1, title: 'Microservices Fundamentals', passed: 1, total: 14},
    {phase: 2, title: 'Advanced Architecture', passed: 0, total: 10},
    {phase: 3, title: 'Production Readiness', passed: 0, total: 13},
  ],
  blocks: [
    {
      weeks: '1-2',
      title: 'Monoliths vs microservices',
      labs: [lab('p0-00-first-break', 'First break', 'passed'), lab('p1-01-one-or-many', 'One or many', 'planned')],
    },
    {
      weeks: '3-4',
      title: 'Design services and APIs',
      labs: [lab('p1-03-rest-that-lasts', 'REST that lasts', 'failed')],
    },
    {
      weeks: '5-6',
      title: 'Communication patterns',
      labs: [lab('p2-04-no-lost-events', 'No lost events', 'open', ['p1-03-rest-that-lasts'])],
    },
    {
      weeks: '7-8',
      title: 'Monitoring and logging',
      labs: [lab('p2-05-break-the-circuit', 'Break the circuit', 'blocked')],
    },
  ],
  next: 'p2-04-no-lost-events',
};

export function sampleText(id: string): LabText {
  return {
    id,
    title: 'No lost events',
    brief: BRIEF,
    objective: 'distributed transactions',
    minutes: 40,
    watch: 'committed accounts without an event',
    predicts: false,
    tasks: [
      {id: 'nothing-missing', title: 'Every committed account has its event'},
      {id: 'nothing-twice', title: 'No event takes effect twice'},
      {id: 'backlog-drains', title: 'The backlog is empty 10 s after recovery'},
    ],
    files: [`/home/ada/teralab/labs/${id}/publisher.ts`],
    last: null,
  };
}

export const sampleResult: CheckResult = {
  lab: 'p2-04-no-lost-events',
  verdict: 'fail',
  seed: 4711,
  runtime: 'process',
  durationMs: 21_400,
  tasks: [
    {
      id: 'nothing-missing',
      title: 'Every committed account has its event',
      verdict: 'fail',
      code: 'EVENT_MISSING',
      observed: '8 of 300 committed accounts have no event',
      expected: 'no committed account without an event',
      evidence: [
        'op 317: committed at +4.210 s, identity-1 killed at +4.212 s, never published',
        '300 committed, 292 published',
      ],
    },
    {
      id: 'nothing-twice',
      title: 'No event takes effect twice',
      verdict: 'pass',
      code: null,
      observed: '292 effects of 292 events',
      expected: 'each event once',
      evidence: [],
    },
    {
      id: 'backlog-drains',
      title: 'The backlog is empty 10 s after recovery',
      verdict: 'inconclusive',
      code: 'BUSY_MACHINE',
      observed: 'the control stream took 31 ms',
      expected: 'at most 25 ms',
      evidence: ['p99 of the control stream 31.2 ms'],
    },
  ],
};

export const passedResult: CheckResult = {
  ...sampleResult,
  verdict: 'pass',
  tasks: sampleResult.tasks.map(task => ({
    ...task,
    verdict: 'pass',
    code: null,
    observed: 'as it should be',
    evidence: [],
  })),
};

export const sampleFault: FaultRecord = {
  id: 'f-7',
  kind: 'latency',
  target: 'gateway->identity',
  attributes: {latency: 200},
  seed: 7,
  reason: 'chaos',
  proxies: ['gateway-1->identity-1'],
  nodes: [],
  undo: 'remove-toxic',
  toxic: 'latency',
  state: 'active',
  plannedAt: NOON,
  appliedAt: NOON,
  endsAt: NOON + 30_000,
  effect: {verdict: 'bites', observed: 'round trip 0.6 ms -> 201.2 ms (5 probes)'},
};

export const sampleStatus: StatusReport = {
  session: 'abc123',
  workspace: '/home/ada/teralab',
  runtime: 'process',
  controller: {pid: 4242},
  agent: {thread: 'fabric'},
  nodes: [
    node('gateway-1', 'gateway', 'http://127.0.0.1:41001'),
    {...node('identity-1', 'identity', 'http://127.0.0.1:41002'), state: 'crashed', restarts: 3},
    node('stream-1', 'stream', 'http://127.0.0.1:41003'),
    node('identity-db', 'identity-db', 'postgres://127.0.0.1:41004/identity'),
    node('broker', 'broker', 'postgres://127.0.0.1:41005/broker'),
  ],
  links: [
    link('client->gateway', {p50: 2.14, p99: 12.6, ratePerSecond: 20, errorShare: 0}),
    link('gateway->identity', {p50: 201.2, p99: 1204, ratePerSecond: 18.4, errorShare: 0.125}),
    link('gateway->stream', {p50: 0.9, p99: 3.1, ratePerSecond: 2, errorShare: 0}),
    link('identity->identity-db', undefined),
    link('identity->broker', undefined),
  ],
  faults: [],
  check: null,
  urls: {gateway: ['http://127.0.0.1:4000']},
  connect: ['psql postgres://lab@127.0.0.1:41004/identity', 'curl http://127.0.0.1:4000/dashboard'],
};

export const disturbedStatus: StatusReport = {
  ...sampleStatus,
  links: sampleStatus.links.map(one =>
    one.name === 'gateway->identity' ? {...one, toxics: [{id: 'f-7', kind: 'latency'}]} : one,
  ),
  faults: [sampleFault],
};

function lab(id: string, title: string, status: PathLab['status'], waitsFor: readonly string[] = []): PathLab {
  return {id, title, phase: Number(id[1]), minutes: 30, status, waitsFor};
}

function node(name: string, service: string, url: string): StatusReport['nodes'][number] {
  return {name, service, state: 'ready', url, pid: 4243, restarts: 0, rssBytes: 62_000_000};
}

function link(name: string, http: StatusReport['links'][number]['http']): StatusReport['links'][number] {
  return {
    name,
    address: '127.0.0.1:42001',
    toxics: [],
    proxies: [],
    traffic: {connections: {open: 0, total: 0, failed: 0}, bytes: {upstream: 0, downstream: 0}},
    ...(http === undefined ? {} : {http}),
  };
}

const BRIEF = `# No lost events

The identity service commits an account, *then* publishes \`account.registered\`. When it dies between the two, the account exists and
nobody ever hears of it.

\`\`\`
  client ──▶ identity ──commit──▶ identity-db
                 │
                 └───publish──▶ broker ──▶ stream
\`\`\`

## What to do
- Make the event part of the **same transaction** as the account.
- Publish it afterwards, as often as it takes; see [the outbox pattern](https://microservices.io/patterns/data/transactional-outbox.html).
- 日本語のアカウント名も失われてはならない: wide characters take two cells each and must not push the frame out of shape.

\`\`\`ts
export const publisher = {afterCommit: async (event, broker) => { await broker.publish('accounts', event.id, event.key, event.payload); }};
\`\`\`

| task | code |
|---|---|
| nothing-missing | EVENT_MISSING |

> The one number to watch: committed accounts without an event.
`;
