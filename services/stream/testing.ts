import {setTimeout as sleep} from 'node:timers/promises';
import {exportJWK, generateKeyPair, SignJWT} from 'jose';
import type {Broker} from '../kit/broker.ts';
import type {Row} from '../kit/database.ts';
import {openBroker} from '../kit/open-broker.ts';
import {createSystemClock} from '../kit/system-clock.ts';
import {type InProcessService, startInProcess} from '../kit/testing/in-process.ts';
import {json, startUpstream} from '../kit/testing/upstream.ts';
import {stream} from './stream.ts';

const quiet = {debug() {}, info() {}, warn() {}, error() {}};

/** Identity as far as stream needs it: keys, and tokens that are signed with them. */
export async function startTokens() {
  const kid = 'test';
  const {publicKey, privateKey} = await generateKeyPair('EdDSA', {crv: 'Ed25519'});
  const jwk = {...(await exportJWK(publicKey)), kid, alg: 'EdDSA', use: 'sig'};
  const server = await startUpstream('identity-1', (_, response) => json(response, 200, {keys: [jwk]}));
  return {
    links: JSON.stringify({identity: [server.instance]}),
    for: (account: string): Promise<string> =>
      new SignJWT({iss: 'teralab-identity', aud: ['stream'], sub: account, sid: `session-of-${account}`})
        .setProtectedHeader({alg: 'EdDSA', kid, typ: 'at+jwt'})
        .setIssuedAt()
        .setExpirationTime('15 minutes')
        .sign(privateKey),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

export interface Answer<B> {
  readonly status: number;
  readonly type: string | undefined;
  readonly headers: Headers;
  readonly body: B;
}

/** A stream service in the test's own process, on a database and a broker of its own. */
export interface TestStream extends AsyncDisposable {
  readonly url: string;
  readonly broker: Broker;
  /** `B` is what the test takes the body for. */
  call<B = Readonly<Record<string, unknown>>>(method: string, path: string, options?: CallOptions): Promise<Answer<B>>;
  sql<R extends Row>(text: string): Promise<readonly R[]>;
  /** Stops it as SIGTERM does and starts it again. */
  restart(): Promise<void>;
  /** Settles when everything that was published is projected. */
  settled(): Promise<void>;
}

interface CallOptions {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export async function startTestStream(env: {
  readonly DATABASE_URL: string;
  readonly BROKER_URL: string;
  readonly LINKS: string;
  readonly SEAMS?: string;
}): Promise<TestStream> {
  const broker = await openBroker({url: env.BROKER_URL, clock: createSystemClock(), log: quiet});
  await Promise.all([broker.ensureStream('identity.events'), broker.ensureStream('activity')]);
  const start = (): Promise<InProcessService> => startInProcess(stream, {NODE_NAME: 'stream-1', ...env});
  let service = await start();
  return {
    get url() {
      return service.url;
    },
    broker,
    call: (method, path, options) => request(method, service.url + path, options),
    sql: text => service.kit.database.query(text),
    async restart() {
      await service[Symbol.asyncDispose]();
      service = await start();
    },
    async settled() {
      for (const name of ['identity.events', 'activity'])
        await until(async () => {
          const lag = await broker.lag(name);
          return lag.length > 0 && lag.every(one => one.lag === 0);
        });
    },
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      await broker.close();
    },
  };
}

async function request<B>(method: string, url: string, {token, body, headers}: CallOptions = {}): Promise<Answer<B>> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(token === undefined ? {} : {authorization: `Bearer ${token}`}),
      ...(body === undefined ? {} : {'content-type': 'application/json'}),
      ...headers,
    },
    ...(body === undefined ? {} : {body: JSON.stringify(body)}),
  });
  const text = await response.text();
  return {
    status: response.status,
    type: response.headers.get('content-type')?.split(';')[0],
    headers: response.headers,
    body: (text === '' ? undefined : JSON.parse(text)) as B,
  };
}

/** Settles when `condition` holds; rejects after 30 s. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 30_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`Did not come true within 30 s: ${String(condition)}`);
    await sleep(10);
  }
}
