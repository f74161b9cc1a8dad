import type {Broker} from '../../kit/broker.ts';
import {createPostgresBroker} from '../../kit/broker-postgres.ts';
import type {Database} from '../../kit/database.ts';
import {createSystemClock} from '../../kit/system-clock.ts';
import {type InProcessService, startInProcess} from '../../kit/testing/in-process.ts';
import type {TestPostgres} from '../../kit/testing/postgres.ts';
import {identity} from '../identity.ts';
import {type Answer, createCaller} from './call.ts';

export const SECRET = 'a secret for tests';
export const PASSWORD = 'correct horse battery';
const QUIET = {debug() {}, info() {}, warn() {}, error() {}};

/** One or more replicas of identity in the test's own process, on a database and a broker of their own. */
export interface IdentitySystem extends AsyncDisposable {
  readonly replicas: readonly InProcessService[];
  readonly database: Database;
  readonly broker: Broker;
  /** Sends a request to the replica with this index, 0 unless told otherwise. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  register(name?: string): Promise<string>;
  signIn(account: string, password?: string): Promise<Answer>;
  /** The types and data of what was published of one key, once there are `count`. */
  events(key: string, count: number): Promise<readonly {readonly type: string; readonly data: unknown}[]>;
}

export interface CallOptions {
  readonly token?: string;
  /** The whole header, in the place of a bearer token. */
  readonly authorization?: string;
  readonly body?: unknown;
  readonly replica?: number;
}

export async function startIdentity(
  postgres: TestPostgres,
  replicas = 1,
  more: Readonly<Record<string, string>> = {},
): Promise<IdentitySystem> {
  const [url, brokerUrl] = [await postgres.createDatabase(), await postgres.createDatabase()];
  const env = {DATABASE_URL: url, BROKER_URL: brokerUrl, PROFILE: 'lab', SESSION_SECRET: SECRET, ...more};
  const running: InProcessService[] = [];
  for (let index = 0; index < replicas; index += 1) running.push(await startInProcess(identity, env));
  const [first] = running;
  if (first === undefined) throw new Error('A system has one replica at least.');
  const broker = createPostgresBroker({url: brokerUrl, clock: createSystemClock(), log: QUIET});
  const call = (method: string, path: string, {replica = 0, ...options}: CallOptions = {}): Promise<Answer> =>
    createCaller((running[replica] ?? first).url)(method, path, options);
  return {
    replicas: running,
    database: first.kit.database,
    broker,
    call,
    async register(name = 'Ada') {
      return String((await call('POST', '/v1/accounts', {body: {name, password: PASSWORD}})).body.id);
    },
    signIn: (account, password = PASSWORD) => call('POST', '/v1/sessions', {body: {account, password}}),
    async events(key, count) {
      const end = performance.now() + 30_000;
      for (;;) {
        const all = await broker.read('identity.events');
        const found = all.filter(event => event.key === key).map(({type, data}) => ({type, data}));
        if (found.length >= count) return found;
        if (performance.now() > end) throw new Error(`There are only ${found.length} of ${count} events.`);
        await new Promise(resolve => setTimeout(resolve, 20));
      }
    },
    async [Symbol.asyncDispose]() {
      await broker.close();
      for (const one of running) await one[Symbol.asyncDispose]();
    },
  };
}
