import {createSend} from '../../src/labs/client.ts';
import {defineLab, type Evidence, type LabTools} from '../../src/labs/lab.ts';
import {operationsAt} from '../../src/labs/operations.ts';
import {drawn} from '../../src/labs/predict/draw.ts';
import {fail, inconclusive, type Judgement, pass} from '../../src/labs/verdict.ts';
import {constantArrivals} from '../../src/load/arrivals.ts';
import {withOwnService} from '../../src/topology/own-service.ts';
import {drawChanges, expectedBreaks, measuredBreaks, question} from './changes.ts';
import {type Exchange, type Incident, newRound, oldRound, type Stage, type Watch} from './clients.ts';
import {rollOut} from './rollout.ts';

const SEEDED = 300;
const CLIENTS = 3;
const BETWEEN_ROUNDS_MS = 40;
const LOAD_MS = 14_000;
const RECORDED_MAX = 400;
const ROUNDS_MIN = 12;
const TODAYS_COLUMNS = 'city,fullname,id';

interface Setup {
  /** Profiles that were there before anybody thought of a rename: id to name. */
  readonly seeded: ReadonlyMap<string, string>;
  readonly incidents: Incident[];
  readonly rounds: {old: number; new: number};
  readonly recorded: Exchange[];
  readonly failures: {readonly stage: Stage; readonly reason: string}[];
  /** Today's release as it ran before the first step: columns of its table, and what it answers to the new API. */
  readonly today: {columns: readonly string[]; newApi: number | null};
  /** How far the rollout came. */
  readonly stages: string[];
}

interface Final {
  readonly incidents: readonly Incident[];
  readonly failures: Setup['failures'];
  readonly rounds: Setup['rounds'];
  readonly stages: readonly string[];
  readonly today: Setup['today'];
  readonly recorded: readonly Exchange[];
  /** Columns of the table in the end. */
  readonly columns: readonly string[];
}

type Seen = Evidence<Setup, Final>;

export default defineLab<Setup, Final>({
  id: 'p1-04-evolve-the-api',
  title: 'Evolve the API',
  phase: 1,
  weeks: [3, 4],
  objective: 'API design principles',
  concepts: ['RESTful API design'],
  minutes: 35,
  needs: ['p1-03-rest-that-lasts'],
  topology: withOwnService(),
  replicas: {own: 2},
  seams: {own: {routes: 'routes.ts', schema: 'schema.ts'}},
  // A gateway that keeps away from replicas that fail would hide what a release does.
  given: {gateway: {routes: 'routes.ts', 'upstream-policy': 'upstream-policy.ts', discovery: 'discovery.ts'}},
  watch: 'what clients could not do while it was rolled out',
  predict: {
    judges: 'counting',
    ask: question,
    answer: expectedBreaks,
    measure: evidence => measuredBreaks(drawn(evidence.seed, drawChanges), evidence.final.recorded),
  },
  setUp: async tools => {
    const rows = Array.from(
      {length: SEEDED},
      () => [`p-${tools.random.hex(10)}`, `Long Ago ${tools.random.hex(6)}`] as const,
    );
    await tools.sql(
      'own-db',
      'insert into profiles (id, fullname, city) select *, $3 from unnest($1::text[], $2::text[])',
      [rows.map(([id]) => id), rows.map(([, name]) => name), 'Tartu'],
    );
    return {
      seeded: new Map(rows),
      incidents: [],
      rounds: {old: 0, new: 0},
      recorded: [],
      failures: [],
      stages: [],
      today: {columns: await columnsOf(tools), newApi: null},
    };
  },
  baseline: {
    load: (tools, {seeded}) => ({operations: reads(tools, seeded, 'before', 20, 2_000)}),
    okShareMin: 0.97,
  },
  load: (tools, {seeded}) => ({operations: reads(tools, seeded, 'read', 10, LOAD_MS)}),
  faults: (tools, setup) => [
    {
      kind: 'act',
      name: 'the releases add, migrate and remove are rolled out and taken back, while clients go on',
      atMs: 200,
      act: () => rollOutAmongClients(tools, setup),
    },
  ],
  recovery: {withinMs: 10_000},
  final: async (tools, setup) => {
    const {incidents, failures, rounds, stages, recorded, today} = setup;
    return {incidents, failures, rounds, stages, recorded, today, columns: await columnsOf(tools)};
  },
  summary: ({final: {incidents, rounds, stages}}) => [
    `${stages.length} stages: ${rounds.old} rounds of old clients and ${rounds.new} of new ones.`,
    `${incidents.filter(({kind}) => kind === 'error').length} requests failed, ${incidents.filter(({kind}) => kind !== 'error').length} times something else came back than had been written.`,
  ],
  tasks: [
    {
      id: 'old-clients',
      title: 'Old clients see no error at any stage',
      judges: 'counting',
      codes: ['OLD_CLIENT_BREAKS', 'DOES_NOT_START'],
      judge: evidence => judgeClients(evidence, 'old', 'OLD_CLIENT_BREAKS'),
    },
    {
      id: 'new-clients',
      title: 'New clients see no error from the first stage that knows them',
      judges: 'counting',
      codes: ['NEW_CLIENT_BREAKS', 'DOES_NOT_START'],
      judge: evidence => judgeClients(evidence, 'new', 'NEW_CLIENT_BREAKS'),
    },
    {
      id: 'round-trips',
      title: 'Round trips between old and new clients lose nothing',
      judges: 'counting',
      codes: ['FIELD_LOST', 'NAME_DIFFERS'],
      judge: judgeRoundTrips,
    },
    {
      id: 'going-back',
      title: 'Going back one release breaks nobody',
      judges: 'counting',
      codes: ['ROLLBACK_BREAKS', 'TODAY_CHANGED'],
      judge: judgeGoingBack,
    },
    {
      id: 'removed',
      title: 'In the end the old name is gone from the table',
      judges: 'counting',
      codes: ['OLD_NAME_LEFT'],
      judge: judgeRemoval,
    },
  ],
  wrong: [
    {
      name: 'v1-put-erases',
      task: 'round-trips',
      code: 'FIELD_LOST',
      why: 'the old version is the new one without a field, so it writes nothing into it',
    },
    {
      name: 'dual-write-only',
      task: 'round-trips',
      code: 'NAME_DIFFERS',
      why: 'the new code writes both names; that the old code runs beside it writes one',
    },
    {
      name: 'drop-too-early',
      task: 'going-back',
      code: 'ROLLBACK_BREAKS',
      why: 'everything is migrated, so the old column can go with the same release',
    },
    {
      name: 'v1-gone',
      task: 'old-clients',
      code: 'OLD_CLIENT_BREAKS',
      why: 'the old column is gone, so the old API goes with it',
    },
    {
      name: 'history-rewritten',
      task: 'going-back',
      code: 'TODAY_CHANGED',
      why: 'if today had been like tomorrow there would be nothing to migrate',
    },
    {
      name: 'column-left',
      task: 'removed',
      code: 'OLD_NAME_LEFT',
      why: 'an unused column harms nobody, and dropping one might',
    },
  ],
});

async function columnsOf(tools: LabTools): Promise<readonly string[]> {
  const columns = await tools.sql<{name: string}>(
    'own-db',
    `select column_name as name from information_schema.columns where table_schema = 'public' and table_name = 'profiles'`,
  );
  return columns.map(({name}) => name).toSorted();
}

function reads(
  tools: LabTools,
  seeded: ReadonlyMap<string, string>,
  name: string,
  ratePerSecond: number,
  durationMs: number,
) {
  const ids = [...seeded.keys()];
  return operationsAt(name, constantArrivals({ratePerSecond, durationMs}), () => ({
    patienceMs: 5_000,
    retry: {sendsMax: 5, backoffMs: 150, timeoutMs: 3_000},
    request: {
      method: 'GET',
      path: `/v1/profiles/${tools.random.pick(ids)}`,
      headers: {'x-client-id': `reads-${tools.random.hex(8)}`},
    },
  }));
}

/** Old clients go on from before the first release until after the last one; new ones begin once all replicas know them. */
async function rollOutAmongClients(tools: LabTools, setup: Setup): Promise<void> {
  let stage: Stage = {name: 'today', goingBack: false};
  let over = false;
  const running: Promise<void>[] = [];
  const watch: Watch = {
    send: createSend(tools.gateways[0] ?? '', tools.random),
    random: tools.random,
    seeded: setup.seeded,
    stage: () => stage,
    incident: incident => void setup.incidents.push(incident),
    round: (client, exchanges) => {
      setup.rounds[client] += 1;
      if (setup.recorded.length < RECORDED_MAX) setup.recorded.push(...exchanges);
    },
  };
  const goOn = async (round: (watch: Watch) => Promise<void>): Promise<void> => {
    while (!over) {
      await round(watch);
      await new Promise(resolve => setTimeout(resolve, BETWEEN_ROUNDS_MS));
    }
  };
  const begin = (round: (watch: Watch) => Promise<void>): void => {
    for (let index = 0; index < CLIENTS; index += 1) running.push(goOn(round));
  };
  const probe = {displayName: 'Nobody', city: 'Nowhere'};
  setup.today.newApi = (await watch.send('POST', '/v2/profiles', {body: probe})).status;
  begin(oldRound);
  await rollOut(tools, {
    onStage: next => {
      stage = next;
      setup.stages.push(next.name);
    },
    onNewClients: () => begin(newRound),
    onFailure: (at, reason) => void setup.failures.push({stage: at, reason}),
  });
  over = true;
  await Promise.all(running);
}

function judgeClients({final, attack}: Seen, client: 'old' | 'new', code: string): Judgement {
  const expected = 'every request is answered as it always was, or as the new version promises';
  const {failures, rounds, stages} = final;
  const errors = final.incidents.filter(one => one.client === client && one.kind === 'error' && !one.stage.goingBack);
  const unread = client === 'old' ? attack.filter(({outcome}) => outcome === 'fail') : [];
  const observed = `${rounds[client]} rounds of ${client} clients over ${stages.length} stages: ${errors.length + unread.length} errors`;
  if (errors.length + unread.length > 0)
    return fail(code, observed, expected, [
      ...errors.slice(0, 4).map(story),
      ...unread.slice(0, 1).map(({id, status}) => `${id} was answered ${status}`),
    ]);
  const [failed] = failures;
  if (failed !== undefined)
    return fail('DOES_NOT_START', `${failed.stage.name}: a release did not become ready`, expected, [
      failed.reason.slice(0, 400),
    ]);
  if (rounds[client] < ROUNDS_MIN) return inconclusive('NOTHING_TO_JUDGE', observed, expected);
  return pass(observed, expected);
}

function judgeRoundTrips({final: {incidents, rounds}}: Seen): Judgement {
  const expected =
    'what was written last is what is read, by either version, and a version writes nothing that it does not know';
  const fields = incidents.filter(({kind}) => kind === 'field');
  const names = incidents.filter(({kind, stage}) => kind === 'name' && !stage.goingBack);
  const observed = `${rounds.old + rounds.new} rounds: ${fields.length} times a field was lost, ${names.length} times it was another name`;
  if (fields.length > 0) return fail('FIELD_LOST', observed, expected, fields.slice(0, 4).map(story));
  if (names.length > 0) return fail('NAME_DIFFERS', observed, expected, names.slice(0, 4).map(story));
  if (rounds.old + rounds.new < 2 * ROUNDS_MIN) return inconclusive('NOTHING_TO_JUDGE', observed, expected);
  return pass(observed, expected);
}

function judgeGoingBack({final: {incidents, stages, today}}: Seen): Judgement {
  const expected =
    'the release before works on the tables as the next one has left them, and shows what was written meanwhile';
  if (today.columns.join() !== TODAYS_COLUMNS || (today.newApi !== null && today.newApi < 400)) {
    const found = `today's release has the columns ${today.columns.join(', ')}, and answers ${today.newApi} to the new API`;
    return fail('TODAY_CHANGED', found, `today's release is as it was: ${TODAYS_COLUMNS}, and no /v2`);
  }
  const back = incidents.filter(({kind, stage}) => kind !== 'field' && stage.goingBack);
  const observed = `${back.length} errors while a replica ran the release before`;
  if (back.length > 0) return fail('ROLLBACK_BREAKS', observed, expected, back.slice(0, 4).map(story));
  if (stages.length < 11)
    return inconclusive('NOTHING_TO_JUDGE', `the rollout came to its stage ${stages.length} of 11`, expected);
  return pass(observed, expected);
}

function judgeRemoval({final: {columns, stages}}: Seen): Judgement {
  const expected = 'the table `profiles` has no column `fullname` any more once every replica runs the last release';
  const observed = `the table has the columns ${columns.join(', ')}`;
  if (stages.length < 11)
    return inconclusive('NOTHING_TO_JUDGE', `the rollout came to its stage ${stages.length} of 11`, expected);
  return columns.length > 0 && !columns.includes('fullname')
    ? pass(observed, expected)
    : fail('OLD_NAME_LEFT', observed, expected);
}

function story({stage, client, what}: Incident): string {
  return `${stage.name}${stage.goingBack ? ' (going back)' : ''}, a round of ${client} clients: ${what}`;
}
