import {connect} from 'node:net';
import fc from 'fast-check';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {serveEcho, type TestServer, until} from '../../fabric/testing.ts';
import {TOXICS} from '../../fabric/toxics/registry.ts';
import {startTestApi, type TestApi} from './testing.ts';

const LINK = 'gateway-1->identity-1';
/** A bound against hanging. */
const ANSWER_WITHIN_MS = 20_000;

const name = fc.oneof(
  {weight: 4, arbitrary: fc.constantFrom('a', 'b', LINK, 'gateway->identity', 'latency_downstream', 'x')},
  fc.constantFrom('__proto__', 'constructor', 'toString', '..', '%', '%2F', 'ä ö/?#'),
  fc.string({maxLength: 12, unit: 'binary'}),
);
const path = fc.oneof(
  {weight: 6, arbitrary: fc.tuple(name).map(([proxy]) => ['proxies', proxy])},
  {weight: 6, arbitrary: fc.tuple(name).map(([proxy]) => ['proxies', proxy, 'toxics'])},
  {weight: 6, arbitrary: fc.tuple(name, name).map(([proxy, toxic]) => ['proxies', proxy, 'toxics', toxic])},
  {weight: 4, arbitrary: fc.constantFrom(['proxies'], ['populate'], ['reset'], ['metrics'], ['version'])},
  fc.tuple(name, fc.constantFrom('connections', 'counters')).map(([proxy, what]) => ['proxies', proxy, what]),
  fc.array(name, {maxLength: 6}),
);
const encoded = fc.tuple(path, fc.boolean()).map(([segments, isEncoded]) => {
  const plain = (text: string): string => text.replaceAll(/[^\x21-\x22\x24-\x3e\x40-\x7e]/g, '_');
  return `/${segments.map(segment => (isEncoded ? encodeWhole(segment) : plain(segment))).join('/')}`;
});

const odd = fc.oneof(fc.jsonValue({maxDepth: 2}), fc.constantFrom(null, '', -1, 1e308, 7, '5', [], {}));
const mostly = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<unknown> => fc.oneof({weight: 12, arbitrary}, odd);
const toxic = fc.record(
  {
    name: mostly(name),
    type: mostly(fc.constantFrom(...Object.keys(TOXICS))),
    stream: mostly(fc.constantFrom('upstream', 'downstream', 'both', 'UPSTREAM')),
    toxicity: mostly(fc.double({min: 0, max: 1, noNaN: true})),
    attributes: mostly(
      fc.dictionary(
        fc.constantFrom('latency', 'jitter', 'timeout', 'distribution', 'probability', 'match', '__proto__'),
        mostly(fc.oneof(fc.nat(50), fc.constantFrom('normal', 'reset'))),
        {maxKeys: 3},
      ),
    ),
    expires_in: mostly(fc.constantFrom(20, '30ms', '1h')),
    seed: mostly(fc.nat()),
  },
  {requiredKeys: []},
);
const addresses = (world: {readonly echo: number; readonly api: number}) =>
  fc.constantFrom('', ':0', 'localhost:0', `localhost:${world.api}`, '0.0.0.0:0', '[::1]:0', `127.0.0.1:${world.echo}`);
const proxy = (world: {readonly echo: number; readonly api: number}) =>
  fc.record(
    {
      name: mostly(name),
      listen: mostly(addresses(world)),
      upstream: mostly(fc.constantFrom(`127.0.0.1:${world.echo}`, 'localhost:1', 'nowhere.invalid:1', 'x')),
      enabled: mostly(fc.boolean()),
      toxics: mostly(fc.array(toxic, {maxLength: 3})),
    },
    {requiredKeys: []},
  );

const jsonOf = (arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<string> =>
  arbitrary.map(value => JSON.stringify(value));

describe('the API, whatever it is sent,', () => {
  let api: TestApi;
  let echo: TestServer;
  beforeAll(async () => {
    api = await startTestApi();
    echo = await serveEcho();
  });
  afterAll(async () => {
    await api[Symbol.asyncDispose]();
    await echo[Symbol.asyncDispose]();
  });

  const carriesBytes = async (): Promise<void> => {
    await api.call('POST', '/reset');
    expect((await fetch(`${api.system.urlOf(LINK)}/`)).status).toBe(200);
  };

  it('answers with a known status and a sentence, and the fabric still carries bytes', async () => {
    const world = {echo: echo.address.port, api: api.port};
    const fitting = fc.oneof(
      fc.record({method: fc.constant('POST'), path: fc.constant('/proxies'), body: jsonOf(proxy(world))}),
      fc.record({
        method: fc.constant('POST'),
        path: fc.constant('/populate'),
        body: jsonOf(fc.array(proxy(world), {maxLength: 3})),
      }),
      fc.record({
        method: fc.constantFrom('POST', 'PATCH', 'DELETE'),
        path: fc.constantFrom('/proxies/a', '/proxies/b', `/proxies/${LINK}`),
        body: jsonOf(proxy(world)),
      }),
      fc.record({
        method: fc.constant('POST'),
        path: fc.constantFrom('/proxies/a/toxics', `/proxies/${LINK}/toxics`),
        body: jsonOf(toxic),
      }),
      fc.record({
        method: fc.constantFrom('POST', 'PATCH', 'DELETE'),
        path: fc.constantFrom('/proxies/a/toxics/x', `/proxies/${LINK}/toxics/latency_downstream`),
        body: jsonOf(toxic),
      }),
      fc.constant({method: 'POST', path: '/reset', body: ''}),
    );
    const wild = fc.record({
      method: fc.constantFrom('GET', 'POST', 'PATCH', 'DELETE', 'PUT', 'OPTIONS', 'QUERY'),
      path: encoded,
      body: fc.oneof(jsonOf(toxic), jsonOf(proxy(world)), fc.string({unit: 'binary', maxLength: 40}), fc.json()),
    });
    const request = fc.oneof(fitting, wild);
    const seen = new Set<number>();
    await fc.assert(
      fc.asyncProperty(fc.array(request, {minLength: 1, maxLength: 20}), async requests => {
        await Promise.all(
          requests.map(async ({method, path: at, body}) => {
            const reply = await fetch(`${api.url}${at}`, {
              method,
              signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
              ...(method === 'GET' ? {} : {body}),
            });
            const text = await reply.text();
            seen.add(reply.status);
            expect([200, 201, 204, 400, 403, 404, 405, 409, 500]).toContain(reply.status);
            if (reply.status >= 400 && reply.headers.get('content-type') === 'application/json')
              expect(JSON.parse(text)).toMatchObject({error: expect.stringMatching(/\w/), status: reply.status});
            else if (reply.status >= 400) expect([404, 405]).toContain(reply.status);
            // What is said of a port that is taken; nothing else is our fault.
            if (reply.status === 500) expect(text).toContain('already in use');
          }),
        );
        expect(api.internalErrors).toEqual([]);
        await carriesBytes();
      }),
      {numRuns: 60},
    );
    for (const status of [200, 201, 204, 400, 404, 405]) expect(seen).toContain(status);
    await until(() => api.system.engine.list().length === 0);
    expect(await api.system.fabric.toxics()).toEqual([]);
  });

  it('survives what is no HTTP, and clients that leave half-way', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({maxLength: 200}), fc.boolean(), async (bytes, isRequest) => {
        const socket = connect(api.port, '127.0.0.1');
        socket.on('error', () => undefined);
        if (isRequest) socket.write('POST /proxies HTTP/1.1\r\nhost: x\r\ncontent-length: 4000\r\n\r\n');
        socket.write(bytes);
        await new Promise<void>(resolve => {
          socket.on('data', () => socket.destroy());
          socket.on('close', () => resolve());
          socket.write('\r\n\r\n', () => socket.destroySoon());
        });
        expect((await api.call('GET', '/version')).status).toBe(200);
      }),
      {numRuns: 60},
    );
    expect(api.internalErrors).toEqual([]);
    await carriesBytes();
  });
});

function encodeWhole(text: string): string {
  // Half of a surrogate pair has no encoding.
  return encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, '_')).replaceAll('.', '%2E');
}
