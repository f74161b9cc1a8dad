import {createHash, randomUUID} from 'node:crypto';
import {setTimeout as delay} from 'node:timers/promises';
import type {
  AccountBody,
  Registration,
  RegistrationAnswer,
  RegistrationTools,
} from '../../services/identity/seams/registration.ts';
import type {
  RegistrationBench,
  Sending,
  TestAnswer,
  TestRequest,
} from '../../services/identity/seams/registration-tests.ts';
import type {Database, Queryable, Row} from '../../services/kit/database.ts';
import {createSystemClock} from '../../services/kit/system-clock.ts';
import type {OpenBench} from '../../src/labs/your-tests/bench.ts';
import {DIED, type Replica} from '../../src/labs/your-tests/replica.ts';
import {openReplicas} from '../../src/labs/your-tests/replicas.ts';

const TABLES = `
  create table accounts (id text primary key, name text not null, row bigserial);
  create table idempotency_keys (client text not null, key text not null, fingerprint text not null, status integer not null, body json not null,
    created_at timestamptz not null default now(), primary key (client, key))`;
const POINTS = {
  'before-commit': 'before_commit',
  'after-commit': 'after_commit_before_publish',
  'before-answer': 'before_answer',
};
/** Whoever has asked the database nothing by then will not, ms. */
const BEGUN_WITHIN_MS = 100;
/** However slow the machine is, the database has answered by then, or has somebody wait for another, ms. */
const ANSWERED_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 5;
const BLOCKED = `select count(*)::int as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;

const open: OpenBench = async tools => {
  const observer = tools.database('observer');
  await observer.query(TABLES);
  const replicas = openReplicas(tools, async replica => replica);
  const blocked = async (): Promise<number> => (await observer.query<{count: number}>(BLOCKED))[0]?.count ?? 0;
  const send = async (
    request: TestRequest,
    {replica: number = 1, dies}: Sending,
    group: Group,
  ): Promise<TestAnswer> => {
    if (typeof request?.name !== 'string') throw new Error('a request wants a `name`');
    const replica = await replicas.get(number);
    replica.dieAt(dies === undefined ? undefined : POINTS[dies]);
    const {registration} = replica.module as {readonly registration: Registration};
    const answer = await replica.run(async () => {
      const answered = await registration(asked(request), toolsOf(replica, group)).catch(() => undefined);
      await replica.pass('before_answer');
      return answered;
    });
    replica.dieAt(undefined);
    if (answer !== DIED) return told(answer);
    replicas.forget(number);
    return {status: null, account: null};
  };
  const methods: RegistrationBench = {
    register: (request, sending = {}) => send(request, sending, openGroup(1, blocked)),
    registerTogether: async (...requests) => {
      // Sessions take longer to open than a request takes: whoever had to wait for one would not be at the same instant.
      const both = await Promise.all([replicas.get(1), replicas.get(2)]);
      await Promise.all(both.flatMap(({database}) => requests.map(() => database.query('select 1'))));
      const group = openGroup(requests.length, blocked);
      return Promise.all(requests.map((request, index) => send(request, {replica: index % 2 === 0 ? 1 : 2}, group)));
    },
    accounts: () => observer.query<{id: string; name: string}>('select id, name from accounts order by row'),
  };
  return {methods: {...methods}};
};
export default open;

function asked({name, key, client = 'a-client'}: TestRequest): Parameters<Registration>[0] {
  const fingerprint = createHash('sha256').update(JSON.stringify({name})).digest('hex');
  return {client, idempotencyKey: key, fingerprint, name, passwordHash: 'a hash'};
}

/** Nothing of the answer's own words: they would tell who speaks. */
function told(answer: RegistrationAnswer | undefined): TestAnswer {
  if (answer === undefined) return {status: 500, account: null};
  if (answer.status !== 201) return {status: answer.status, account: null};
  const {id, name} = answer.body;
  return {status: 201, account: {id, name}};
}

function toolsOf(replica: Replica, group: Group): RegistrationTools {
  const database = group.in(replica.database);
  return {
    database,
    clock: createSystemClock(),
    newAccount: ({name}): AccountBody => ({id: randomUUID(), name, createdAt: new Date().toISOString()}),
    insertAccount: async (transaction, {id, name}) => {
      await transaction.query('insert into accounts (id, name) values ($1, $2)', [id, name]);
    },
    save: (_, work) => database.transaction(work),
  };
}

/** Requests that come at the same instant: none of them commits before the first question of each is answered, or waits for another's commit. */
interface Group {
  /** The database as one of them has it. */
  in(database: Database): Database;
}

function openGroup(size: number, blocked: () => Promise<number>): Group {
  const openedAt = Date.now();
  let asked = 0;
  let answered = 0;
  const areAllAtWork = async (): Promise<boolean> => {
    const passedMs = Date.now() - openedAt;
    if (answered === size || passedMs > ANSWERED_WITHIN_MS) return true;
    if (asked < size && passedMs < BEGUN_WITHIN_MS) return false;
    return answered + (await blocked()) >= asked;
  };
  return {
    in: database => {
      let hasAsked = false;
      const first = async <T>(query: () => Promise<T>): Promise<T> => {
        if (hasAsked) return query();
        hasAsked = true;
        asked += 1;
        return query().finally(() => {
          answered += 1;
        });
      };
      const queries = (inner: Queryable): Queryable => ({
        query: <R extends Row>(text: string, parameters?: readonly unknown[]) =>
          first(() => inner.query<R>(text, parameters)),
      });
      return {
        ...queries(database),
        transaction: (work, options) =>
          database.transaction(async transaction => {
            const value = await work(queries(transaction));
            while (size > 1 && !(await areAllAtWork())) await delay(LOOK_EVERY_MS);
            return value;
          }, options),
      };
    },
  };
}
