import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest';
import {call, serveEcho, type TestServer, until} from '../../fabric/testing.ts';
import {TOXICS} from '../../fabric/toxics/registry.ts';
import {startTestApi, type TestApi} from './testing.ts';

const LINK = encodeURIComponent('gateway-1->identity-1');

/** Attributes of its types. */
const TOXIPROXYS: Readonly<Record<string, readonly string[]>> = {
  latency: ['latency', 'jitter'],
  bandwidth: ['rate'],
  slow_close: ['delay'],
  timeout: ['timeout'],
  reset_peer: ['timeout'],
  slicer: ['average_size', 'size_variation', 'delay'],
  limit_data: ['bytes'],
  noop: [],
};

/** Toxiproxy 2.12, as it was read and run: routes, status codes, bodies. */
describe('the Toxiproxy API', () => {
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
  afterEach(async () => {
    await api.call('POST', '/reset');
    const all = (await api.call('GET', '/proxies')).json<Record<string, object>>();
    for (const name of Object.keys(all).filter(one => !one.includes('->')))
      await api.call('DELETE', `/proxies/${encodeURIComponent(name)}`);
  });

  const upstream = (): string => `127.0.0.1:${echo.address.port}`;
  const create = async (name = 'redis', more: object = {}) =>
    api.call('POST', '/proxies', {name, listen: 'localhost:0', upstream: upstream(), ...more});
  const body = async (method: string, path: string, sent?: unknown) => {
    const answer = await api.call(method, path, sent);
    return [answer.status, answer.text === '' ? '' : answer.json()];
  };

  it('opens a proxy: 201, with its listener resolved', async () => {
    const created = await create();
    expect(created.status).toBe(201);
    expect(created.headers.get('content-type')).toBe('application/json');
    expect(created.headers.get('x-toxiproxy-request-id')).toMatch(/^[0-9a-f]{20}$/);
    const proxy = created.json<{listen: string}>();
    expect(proxy).toEqual({
      name: 'redis',
      listen: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      upstream: upstream(),
      enabled: true,
      toxics: [],
    });
    expect(await body('GET', '/proxies/redis')).toEqual([200, proxy]);
    expect((await api.call('GET', '/proxies')).json()).toMatchObject({redis: proxy, 'gateway-1->identity-1': {}});
  });

  it.each([
    ['nothing', undefined, /^bad request body: EOF$/],
    ['no JSON', '{"name"', /^bad request body: /],
    ['a list', [], /^bad request body: /],
    ['no name', {upstream: 'localhost:1'}, /^missing required field: name$/],
    ['no upstream', {name: 'a'}, /^missing required field: upstream$/],
    ['a name that is none', {name: 5, upstream: 'localhost:1'}, /^bad request body: name /],
    ['an upstream without a port', {name: 'a', upstream: 'localhost'}, /^upstream: "localhost" is no address/],
    ['a listener on all interfaces', {name: 'a', upstream: 'localhost:1', listen: '0.0.0.0:0'}, /loopback/],
    ['a misspelt field', {name: 'a', upstream: 'localhost:1', listne: 'x'}, /"listne"/],
  ])('refuses a proxy made of %s: 400', async (_, sent, error) => {
    expect(await body('POST', '/proxies', sent)).toEqual([400, {error: expect.stringMatching(error), status: 400}]);
  });

  it('refuses what is there already with 409, and a port that is taken with 500 and its sentence', async () => {
    await create();
    expect(await body('POST', '/proxies', {name: 'redis', upstream: upstream()})).toEqual([
      409,
      {error: 'proxy already exists', status: 409},
    ]);
    expect(await body('POST', '/proxies', {name: 'other', listen: upstream(), upstream: 'localhost:1'})).toEqual([
      500,
      {error: `listen tcp ${upstream()}: bind: address already in use`, status: 500, hint: expect.any(String)},
    ]);
  });

  it.each(['POST', 'PATCH'])(
    'disables and enables by %s: new connections are refused, old ones get FIN',
    async method => {
      const [host = '', port] = (await create()).json<{listen: string}>().listen.split(':');
      using before = call({host, port: Number(port)});
      before.socket.write('x');
      await until(() => before.received().length === 1);
      const disabled = await api.call(method, '/proxies/redis', {enabled: false});
      expect([disabled.status, disabled.json<{enabled: boolean}>().enabled]).toEqual([200, false]);
      await until(() => before.ended() === 'end');
      using refused = call({host, port: Number(port)});
      await until(() => refused.ended() === 'ECONNREFUSED');
      const enabled = await api.call(method, '/proxies/redis', {enabled: true});
      expect(enabled.json()).toMatchObject({enabled: true, toxics: [], listen: `${host}:${port}`});
      using again = call({host, port: Number(port)});
      again.socket.write('x');
      await until(() => again.received().length === 1);
    },
  );

  it('opens a proxy that is disabled, and keeps its port', async () => {
    const {listen, enabled} = (await create('redis', {enabled: false})).json<{listen: string; enabled: boolean}>();
    expect(enabled).toBe(false);
    using refused = call({host: '127.0.0.1', port: Number(listen.split(':')[1])});
    await until(() => refused.ended() === 'ECONNREFUSED');
    expect(await body('POST', '/proxies/redis', {enabled: true})).toMatchObject([200, {listen, enabled: true}]);
  });

  it('leads elsewhere and listens elsewhere: connections are dropped, the name stays', async () => {
    const {listen} = (await create()).json<{listen: string}>();
    using client = call({host: '127.0.0.1', port: Number(listen.split(':')[1])});
    client.socket.write('x');
    await until(() => client.received().length === 1);
    expect(await body('POST', '/proxies/redis', {name: 'other', upstream: 'localhost:1'})).toMatchObject([
      200,
      {name: 'redis', listen, upstream: 'localhost:1'},
    ]);
    await until(() => client.ended() !== undefined);
    const [status, moved] = await body('PATCH', '/proxies/redis', {listen: '127.0.0.1:0', upstream: upstream()});
    expect([status, moved]).toMatchObject([200, {listen, upstream: upstream()}]);
    expect((await body('POST', '/proxies/redis', {listen: `localhost:${api.port}`}))[0]).toBe(500);
    expect(await body('GET', '/proxies/redis')).toMatchObject([200, {listen}]);
  });

  it('deletes: 204 without a body', async () => {
    await create();
    await api.call('POST', '/proxies/redis/toxics', {type: 'latency'});
    expect(await body('DELETE', '/proxies/redis')).toEqual([204, '']);
    expect(await body('DELETE', '/proxies/redis')).toEqual([404, {error: 'proxy not found', status: 404}]);
    expect(api.system.engine.list()).toEqual([]);
  });

  it('puts a toxic on: 200, with the defaults', async () => {
    await create();
    const latency = {
      attributes: {latency: 0, jitter: 0},
      name: 'latency_downstream',
      type: 'latency',
      stream: 'downstream',
      toxicity: 1,
    };
    expect(await body('POST', '/proxies/redis/toxics', {type: 'latency'})).toEqual([200, latency]);
    const reset = {type: 'reset_peer', stream: 'upstream', toxicity: 0.5, attributes: {timeout: 9}, name: 'r'};
    expect(await body('POST', '/proxies/redis/toxics', reset)).toEqual([200, reset]);
    expect(await body('GET', '/proxies/redis/toxics')).toEqual([200, [reset, latency]]);
    expect(await body('GET', '/proxies/redis/toxics/latency_downstream')).toEqual([200, latency]);
    expect(await body('GET', '/proxies/redis')).toMatchObject([200, {toxics: [reset, latency]}]);
    expect(await body('POST', '/proxies/redis/toxics', {type: 'latency'})).toEqual([
      409,
      {error: 'toxic already exists', status: 409},
    ]);
  });

  it.each(Object.keys(TOXICS))('puts %s on with its defaults, changes it and takes it off', async type => {
    const [status, made] = await body('POST', `/proxies/${LINK}/toxics`, {type});
    expect([status, made]).toMatchObject([200, {name: `${type}_downstream`, type, toxicity: 1}]);
    const {attributes} = made as {attributes: object};
    const theirs = TOXIPROXYS[type];
    if (theirs !== undefined) expect(Object.keys(attributes).toSorted()).toEqual(theirs.toSorted());
    const path = `/proxies/${LINK}/toxics/${type}_downstream`;
    expect(await body('PATCH', path, {attributes, toxicity: 1})).toEqual([200, made]);
    expect(await body('DELETE', path)).toEqual([204, '']);
    expect((await fetch(`${api.system.urlOf('gateway-1->identity-1')}/`)).status).toBe(200);
  });

  it.each(['POST', 'PATCH'])('updates by %s: attributes are merged, type, stream and name ignored', async method => {
    await create();
    await api.call('POST', '/proxies/redis/toxics', {type: 'latency', attributes: {latency: 100, jitter: 10}});
    const sent = {attributes: {latency: 7}, toxicity: 0.25, name: 'x', type: 'noop', stream: 'upstream'};
    expect(await body(method, '/proxies/redis/toxics/latency_downstream', sent)).toEqual([
      200,
      {
        attributes: {latency: 7, jitter: 10},
        name: 'latency_downstream',
        type: 'latency',
        stream: 'downstream',
        toxicity: 0.25,
      },
    ]);
  });

  it('removes a toxic: 204', async () => {
    await create();
    await api.call('POST', '/proxies/redis/toxics', {type: 'latency'});
    expect(await body('DELETE', '/proxies/redis/toxics/latency_downstream')).toEqual([204, '']);
    for (const [method, path] of [
      ['DELETE', '/proxies/redis/toxics/latency_downstream'],
      ['GET', '/proxies/redis/toxics/latency_downstream'],
      ['POST', '/proxies/redis/toxics/latency_downstream'],
    ] as const)
      expect(await body(method, path, method === 'POST' ? {} : undefined)).toEqual([
        404,
        {error: 'toxic not found', status: 404},
      ]);
    for (const path of ['/proxies/none', '/proxies/none/toxics', '/proxies/none/toxics/a'])
      expect(await body('GET', path)).toEqual([404, {error: 'proxy not found', status: 404}]);
  });

  it.each([
    ['an unknown type', {type: 'latncy'}, 'invalid toxic type'],
    ['no type', {}, 'invalid toxic type'],
    [
      'a wrong stream',
      {type: 'latency', stream: 'sideways'},
      'stream was invalid, can be either upstream or downstream',
    ],
    ['a text for a number', {type: 'latency', attributes: {latency: '100'}}, /^bad request body: latency: latency is/],
    ['an unknown attribute', {type: 'latency', attributes: {latncy: 1}}, /latency has no attribute `latncy`/],
    ['a negative latency', {type: 'latency', attributes: {latency: -1}}, /between 0 and/],
    ['a toxicity of 7', {type: 'latency', toxicity: 7}, /toxicity is between 0 and 1, not 7/],
    ['a misspelt field', {type: 'latency', toxicty: 0.5}, /"toxicty"/],
    ['nothing', '', 'bad request body: EOF'],
  ])('refuses a toxic with %s: 400', async (_, sent, error) => {
    await create();
    const [status, answered] = await body('POST', '/proxies/redis/toxics', sent);
    expect([status, answered]).toMatchObject([
      400,
      {error: typeof error === 'string' ? error : expect.stringMatching(error), status: 400},
    ]);
    expect(await body('GET', '/proxies/redis/toxics')).toEqual([200, []]);
  });

  it('takes a stream in capitals, and answers it as it is written', async () => {
    await create();
    expect(await body('POST', '/proxies/redis/toxics', {type: 'latency', stream: 'UPSTREAM'})).toMatchObject([
      200,
      {stream: 'upstream', name: 'latency_upstream'},
    ]);
  });

  it('populates: 201; what is there as it is wanted stays with its toxics, anything else is replaced', async () => {
    const [status, first] = await body('POST', '/populate', [
      {name: 'one', listen: 'localhost:0', upstream: upstream()},
      {name: 'two', upstream: upstream(), enabled: false},
    ]);
    expect([status, first]).toMatchObject([201, {proxies: [{name: 'one'}, {name: 'two', enabled: false}]}]);
    await api.call('POST', '/proxies/one/toxics', {type: 'latency'});
    await api.call('POST', '/proxies/two/toxics', {type: 'latency'});
    const {listen} = (first as {proxies: {listen: string}[]}).proxies[0] ?? {};
    const [, second] = await body('POST', '/populate', [
      {name: 'one', listen, upstream: upstream(), enabled: false},
      {name: 'two', upstream: 'localhost:1'},
    ]);
    expect(second).toMatchObject({
      proxies: [
        {name: 'one', listen, enabled: true, toxics: [{name: 'latency_downstream'}]},
        {name: 'two', upstream: 'localhost:1', enabled: true, toxics: []},
      ],
    });
  });

  it.each([
    ['no list', {name: 'a'}, /^bad request body/],
    [
      'no name',
      [{name: 'a', upstream: 'localhost:1'}, {upstream: 'localhost:1'}],
      /^missing required field: name at proxy 2$/,
    ],
    [
      'no upstream',
      [{name: 'a', upstream: 'localhost:1'}, {name: 'b'}],
      /^missing required field: upstream at proxy 2$/,
    ],
    [
      'a name twice',
      [
        {name: 'a', upstream: 'localhost:1'},
        {name: 'a', upstream: 'localhost:2'},
      ],
      /^duplicate proxy name "a"$/,
    ],
  ])('refuses to populate with %s, and does nothing', async (_, sent, error) => {
    expect(await body('POST', '/populate', sent)).toEqual([
      400,
      {error: expect.stringMatching(error), status: 400, proxies: []},
    ]);
    expect((await api.call('GET', '/proxies/a')).status).toBe(404);
  });

  it('resets: 204; all proxies are enabled and without toxics', async () => {
    await create();
    await api.call('POST', '/proxies/redis', {enabled: false});
    await api.call('POST', '/proxies/redis/toxics', {type: 'latency'});
    await api.call('POST', `/proxies/${LINK}/toxics`, {type: 'latency'});
    expect(await body('POST', '/reset')).toEqual([204, '']);
    expect(await body('GET', '/proxies/redis')).toMatchObject([200, {enabled: true, toxics: []}]);
    expect(await body('GET', `/proxies/${LINK}`)).toMatchObject([200, {enabled: true, toxics: []}]);
  });

  it('says the version whose API it speaks', async () => {
    const answer = await api.call('GET', '/version');
    expect([answer.status, answer.text]).toEqual([200, '{"version": "2.12.0"}\n']);
    expect(answer.headers.get('content-type')).toBe('application/json;charset=utf-8');
  });

  it('answers 405 to a wrong method, 404 to an unknown path, 403 to a browser', async () => {
    for (const [method, path] of [
      ['PUT', '/proxies'],
      ['DELETE', '/proxies'],
      ['GET', '/reset'],
      ['GET', '/populate'],
      ['POST', '/version'],
      ['HEAD', '/proxies'],
      ['PUT', '/proxies/redis/toxics/x'],
    ] as const) {
      const answer = await api.call(method, path);
      expect([method, path, answer.status, answer.text]).toEqual([method, path, 405, '']);
    }
    for (const path of ['/', '/proxies/', '/nothing', '/proxies/redis/other', '//proxies']) {
      const answer = await api.call('GET', path);
      expect([path, answer.status, answer.text]).toEqual([path, 404, '404 page not found\n']);
    }
    const browser = await api.call('POST', '/reset', undefined, {'user-agent': 'Mozilla/5.0 (X11)'});
    expect([browser.status, browser.text]).toEqual([403, 'User agent not allowed\n']);
  });

  it('refuses a body that is too large, and goes on', async () => {
    const answer = await api.call('POST', '/populate', ' '.repeat(3_000_000));
    expect([answer.status, answer.json()]).toMatchObject([413, {status: 413}]);
    expect((await api.call('GET', '/version')).status).toBe(200);
  });
});
