import {gateway} from '../../services/gateway/gateway.ts';
import {operatorKey} from '../../services/identity/access.ts';
import {PASSWORD, SECRET, startIdentity} from '../../services/identity/testing/identity-system.ts';
import {type Cable, openCable} from '../../services/kit/testing/cable.ts';
import {startInProcess} from '../../services/kit/testing/in-process.ts';
import {startTestPostgres, type TestPostgres} from '../../services/kit/testing/postgres.ts';
import {stream} from '../../services/stream/stream.ts';
import type {ApiOperation, Document} from '../../src/checkers/openapi/document.ts';
import type {Caller} from './api-fuzz.ts';

/** The three services in the test's own process, on real databases and a real broker. */
export interface ApiSystem extends AsyncDisposable {
  /** By service. */
  readonly urls: Readonly<Record<'identity' | 'stream' | 'gateway', string>>;
  document(service: 'identity' | 'stream' | 'gateway'): Promise<Document>;
  /** An account of its own, signed in, with the role `admin`. */
  caller(operation: ApiOperation): Promise<Caller>;
  /** Its database keeps its connections and answers nothing any more; only of a system with cables. */
  silenceDatabase(service: 'identity' | 'stream'): void;
}

export async function startApiSystem({cables = false} = {}): Promise<ApiSystem> {
  const postgres = await startTestPostgres();
  const databases = {identity: await openDatabase(postgres, cables), stream: await openDatabase(postgres, cables)};
  const identity = await startIdentity(postgres, 1, {DATABASE_URL: databases.identity.url});
  const [first] = identity.replicas;
  const identityUrl = first?.url ?? '';
  const links = {identity: [{node: 'identity-1', url: identityUrl}]};
  const streaming = await startInProcess(stream, {
    NODE_NAME: 'stream-1',
    DATABASE_URL: databases.stream.url,
    BROKER_URL: await postgres.createDatabase(),
    LINKS: JSON.stringify(links),
  });
  const front = await startInProcess(gateway, {
    LINKS: JSON.stringify({...links, stream: [{node: 'stream-1', url: streaming.url}]}),
  });
  const urls = {identity: identityUrl, stream: streaming.url, gateway: front.url};
  const operator = `Operator ${operatorKey(SECRET)}`;
  let replay: Promise<string> | undefined;
  let shared: ReturnType<typeof signUp> | undefined;

  async function signUp() {
    const [account, other] = await Promise.all([identity.register(), identity.register('Grace')]);
    await identity.call('PUT', `/v1/accounts/${account}/roles`, {authorization: operator, body: {roles: ['admin']}});
    // Keys are not rotated faster than others can learn of them.
    await identity.database.query(`update signing_keys set created_at = created_at - interval '1 hour'`);
    const {token, refreshToken} = (await identity.signIn(account)).body;
    return {account, other, refreshToken, authorization: `Bearer ${String(token)}`};
  }

  async function replayId(authorization: string): Promise<string> {
    const headers = {authorization, 'content-type': 'application/json'};
    const body = JSON.stringify({projection: 'accounts'});
    const answer = await fetch(`${urls.stream}/v1/replays`, {method: 'POST', headers, body});
    const {id} = (await answer.json()) as {id: string};
    await waitForReplay(`${urls.stream}/v1/replays/${id}`, authorization);
    return id;
  }

  return {
    urls,
    document: async service => (await (await fetch(`${urls[service]}/openapi.json`)).json()) as Document,
    async caller({path, method}) {
      // What ends a session or an account, takes a refresh token or a role, needs somebody of its own.
      const isSpent = method === 'DELETE' || /sessions|keys|roles/.test(path);
      // Tokens of keys that are compromised are worth nothing any more.
      if (path.includes('keys')) shared = undefined;
      const person = isSpent ? signUp() : (shared ?? signUp());
      if (!isSpent) shared = person;
      const {account, other, refreshToken, authorization} = await person;
      if (path.startsWith('/v1/quotas')) await setQuota(`${urls.stream}/v1/quotas/${account}`);
      if (!path.startsWith('/v1/accounts')) replay ??= replayId(authorization);
      const id = path.startsWith('/v1/accounts') ? account : await replay;
      const credentials = path === '/v1/sessions' ? {password: [PASSWORD]} : {};
      return {
        authorization,
        known: {account: [account], id: [id], refreshToken: [refreshToken], ...credentials},
        foreign: {account: [other]},
      };
    },
    silenceDatabase: service => databases[service].cable?.goSilent(),
    async [Symbol.asyncDispose]() {
      // Else the services would wait for their databases.
      for (const {cable} of Object.values(databases)) await cable?.[Symbol.asyncDispose]();
      await front[Symbol.asyncDispose]();
      await streaming[Symbol.asyncDispose]();
      await identity[Symbol.asyncDispose]();
      await postgres[Symbol.asyncDispose]();
    },
  };
}

/** A database of its own, by way of a cable where it is to be disturbed. */
async function openDatabase(
  postgres: TestPostgres,
  withCable: boolean,
): Promise<{readonly url: string; readonly cable: Cable | undefined}> {
  const url = await postgres.createDatabase();
  if (!withCable) return {url, cable: undefined};
  const cable = await openCable({host: '127.0.0.1', port: postgres.port});
  return {url: url.replace(`:${postgres.port}/`, `:${cable.port}/`), cable};
}

async function setQuota(url: string): Promise<void> {
  const headers = {'content-type': 'application/json'};
  await fetch(url, {method: 'PUT', headers, body: JSON.stringify({eventsPerSecond: 1_000})});
}

/** One replay of a projection runs at a time. */
async function waitForReplay(url: string, authorization: string): Promise<void> {
  const end = performance.now() + 30_000;
  for (;;) {
    const {state} = (await (await fetch(url, {headers: {authorization}})).json()) as {state: string};
    if (state === 'done') return;
    if (performance.now() > end) throw new Error(`The replay is ${state} after 30 s.`);
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}
