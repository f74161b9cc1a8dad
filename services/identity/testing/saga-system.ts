import {once} from 'node:events';
import type {IncomingMessage, ServerResponse} from 'node:http';
import {createServer} from 'node:http';
import type {Database} from '../../kit/database.ts';
import {createPostgresDatabase} from '../../kit/postgres.ts';
import {type InProcessService, startInProcess} from '../../kit/testing/in-process.ts';
import type {TestPostgres} from '../../kit/testing/postgres.ts';
import {type ServiceProcess, spawnService} from '../../kit/testing/process.ts';
import {stream} from '../../stream/stream.ts';
import type {Caller} from './call.ts';
import {PASSWORD, SECRET} from './identity-system.ts';

const QUIET = {debug() {}, info() {}, warn() {}, error() {}};

/** What becomes of the next request of a method: an answer in the place of stream's, or stream's answer got lost, or nothing at all. */
export type Mishap = number | 'reply lost' | 'silence';

/** The way to stream, on which requests can come to harm. */
export interface Gate extends AsyncDisposable {
  readonly links: string;
  /** Of the next requests of this method the first comes to the first harm, and so on; those after them come through. */
  next(method: 'PUT' | 'DELETE', ...mishaps: readonly Mishap[]): void;
  /** All requests of this method, until told otherwise. */
  always(method: 'PUT' | 'DELETE', mishap: Mishap | undefined): void;
}

/** Identity in processes of its own and stream, on databases of their own. */
export interface SagaSystem extends AsyncDisposable {
  readonly identity: Database;
  readonly stream: Database;
  readonly streamUrl: string;
  openGate(): Promise<Gate>;
  start(gate: Gate, name?: string): ServiceProcess;
  stateOf(account: string): Promise<'pending' | 'active' | 'closed' | 'erased' | undefined>;
  /** What is not as it has to be once everything has come to its end; empty when all is well. */
  wrongs(): Promise<readonly string[]>;
  /** Settles when no saga is open. */
  settled(): Promise<void>;
}

export async function startSagaSystem(postgres: TestPostgres, bundle: string): Promise<SagaSystem> {
  const [url, streamUrl, brokerUrl] = [
    await postgres.createDatabase(),
    await postgres.createDatabase(),
    await postgres.createDatabase(),
  ];
  const service: InProcessService = await startInProcess(stream, {DATABASE_URL: streamUrl, BROKER_URL: brokerUrl});
  const open = (database: string) =>
    createPostgresDatabase({url: database, log: QUIET, crashPoints: {hit() {}}, applicationName: 'test'});
  const [identity, streamDatabase] = [open(url), open(streamUrl)];
  const gates: Gate[] = [];
  return {
    identity,
    stream: streamDatabase,
    streamUrl: service.url,
    async openGate() {
      const gate = await openGate(service.url);
      gates.push(gate);
      return gate;
    },
    start: (gate, name = 'identity-1') =>
      spawnService(bundle, {
        NODE_NAME: name,
        DATABASE_URL: url,
        BROKER_URL: brokerUrl,
        PROFILE: 'lab',
        SESSION_SECRET: SECRET,
        LINKS: gate.links,
      }),
    async stateOf(account) {
      const [row] = await identity.query<{state: 'pending' | 'active' | 'closed' | 'erased'}>(
        `select case when erased_at is not null then 'erased' when closed_at is not null then 'closed'
           when activated_at is not null then 'active' else 'pending' end as state from accounts where id = $1`,
        [account],
      );
      return row?.state;
    },
    async wrongs() {
      const [accounts, quotas] = await Promise.all([
        identity.query<{id: string; state: string; kept: boolean}>(
          `select id, name <> '' or password_hash <> '' as kept,
             case when closed_at is not null then 'closed' when activated_at is not null then 'active' else 'pending' end as state
           from accounts`,
        ),
        streamDatabase.query<{account: string}>('select account from quotas'),
      ]);
      const withQuota = new Set(quotas.map(({account}) => account));
      const states = new Map(accounts.map(({id, state}) => [id, state]));
      return [
        ...accounts.filter(({state}) => state === 'pending').map(({id}) => `${id} is pending`),
        ...accounts
          .filter(({id, state}) => state === 'active' && !withQuota.has(id))
          .map(({id}) => `${id} has no quota`),
        ...accounts
          .filter(({state, kept}) => state === 'closed' && kept)
          .map(({id}) => `${id} is closed and not erased`),
        ...[...withQuota]
          .filter(id => states.get(id) !== 'active')
          .map(id => `${id} has a quota and is ${states.get(id)}`),
      ];
    },
    settled: () =>
      until('no saga is open', async () => {
        const open = await identity.query('select 1 from sagas where ended_at is null');
        return open.length === 0;
      }),
    async [Symbol.asyncDispose]() {
      await Promise.all(gates.map(gate => gate[Symbol.asyncDispose]()));
      await service[Symbol.asyncDispose]();
      await identity.close();
      await streamDatabase.close();
    },
  };
}

/** Opens an account, and returns its id. */
export async function register(call: Caller): Promise<string> {
  const {status, text, body} = await call('POST', '/v1/accounts', {body: {name: 'Ada', password: PASSWORD}});
  if (status !== 201) throw new Error(`A registration was answered ${status}: ${text}`);
  return String(body.id);
}

/** Settles when `condition` holds; rejects after 30 s. */
export async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 30_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`It did not come true within 30 s that ${what}.`);
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

async function openGate(target: string): Promise<Gate> {
  const ahead = {PUT: [] as Mishap[], DELETE: [] as Mishap[]};
  const always: {PUT?: Mishap | undefined; DELETE?: Mishap | undefined} = {};
  const server = createServer((request, response) => void handle(request, response).catch(() => response.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method as 'PUT' | 'DELETE';
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const mishap = ahead[method]?.shift() ?? always[method];
    if (mishap === 'silence') return;
    if (typeof mishap === 'number') {
      response.writeHead(mishap, {'content-type': 'application/problem+json'}).end(JSON.stringify({status: mishap}));
      return;
    }
    const answer = await fetch(target + request.url, {
      method,
      ...(chunks.length === 0 ? {} : {body: Buffer.concat(chunks), headers: {'content-type': 'application/json'}}),
    });
    const text = await answer.text();
    if (mishap === 'reply lost') request.socket.destroy();
    else response.writeHead(answer.status, {'content-type': 'application/json'}).end(text === '' ? undefined : text);
  }

  return {
    links: JSON.stringify({stream: [{node: 'stream-1', url: `http://127.0.0.1:${address.port}`}]}),
    next: (method, ...mishaps) => void ahead[method].push(...mishaps),
    always(method, mishap) {
      always[method] = mishap;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}
