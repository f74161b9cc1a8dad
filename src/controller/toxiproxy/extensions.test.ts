import {readFile} from 'node:fs/promises';
import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest';
import {call, serveEcho, type TestServer, until} from '../../fabric/testing.ts';
import {request} from '../../faults/testing.ts';
import {startTestApi, type TestApi} from './testing.ts';

const NAME = 'gateway-1->identity-1';
const LINK = `/proxies/${encodeURIComponent(NAME)}`;

describe('beyond Toxiproxy, the API', () => {
  let api: TestApi;
  let echo: TestServer;
  beforeAll(async () => {
    api = await startTestApi();
    echo = await serveEcho();
  });
  afterAll(async () => {
    expect(api.internalErrors).toEqual([]);
    await api[Symbol.asyncDispose]();
    await echo[Symbol.asyncDispose]();
  });
  afterEach(async () => {
    await api.system.engine.clearAll();
    await api.call('DELETE', '/proxies/own');
  });

  const upstream = (): string => `127.0.0.1:${echo.address.port}`;
  const own = async (more: object = {}) =>
    api.call('POST', '/populate', [{name: 'own', upstream: upstream(), ...more}]);
  const connect = async () => {
    const {listen} = (await api.call('GET', '/proxies/own')).json<{listen: string}>();
    const client = call({host: '127.0.0.1', port: Number(listen.split(':')[1])});
    client.socket.write('hello');
    return client;
  };
  const names = async (proxy: string): Promise<readonly string[]> =>
    (await api.call('GET', `${proxy}/toxics`)).json<{name: string}[]>().map(({name}) => name);

  it('ends a toxic by itself', async () => {
    const made = await api.call('POST', `${LINK}/toxics`, {type: 'latency', expires_in: '60ms'});
    expect(made.json()).toMatchObject({name: 'latency_downstream', expires_at: expect.stringMatching(/^20.*Z$/)});
    await until(async () => (await names(LINK)).length === 0);
    await until(() => api.system.engine.list().length === 0);
    expect(api.system.engine.history().at(-1)).toMatchObject({endedBy: 'time'});
    await api.call('POST', `${LINK}/toxics`, {type: 'latency', expires_in: 600_000});
    const lasting = await api.call('PATCH', `${LINK}/toxics/latency_downstream`, {expires_in: 0});
    expect(lasting.json()).not.toHaveProperty('expires_at');
    for (const expires_in of ['soon', -1, 0, '25h', true, {}, [5]]) {
      const wrong = await api.call('POST', `${LINK}/toxics`, {type: 'latency', name: 'x', expires_in});
      expect([wrong.status, wrong.text]).toEqual([400, expect.stringContaining('expires_in is from 1 ms to 24 hours')]);
    }
  });

  it('puts one toxic on both directions (Shopify/toxiproxy#132)', async () => {
    const made = await api.call('POST', `${LINK}/toxics`, {type: 'latency', stream: 'both', attributes: {latency: 60}});
    expect(made.json()).toMatchObject({name: 'latency_both', stream: 'both'});
    const startedAt = performance.now();
    await fetch(`${api.system.urlOf(NAME)}/`).then(reply => reply.text());
    expect(performance.now() - startedAt).toBeGreaterThan(118);
    expect(api.system.engine.list()).toHaveLength(1);
  });

  it('has the toxics that Toxiproxy has not, with all their attributes', async () => {
    const made = await api.call('POST', `${LINK}/toxics`, {type: 'drop_reply', attributes: {match: {method: 'POST'}}});
    expect(made.json()).toMatchObject({type: 'drop_reply', attributes: {probability: 1, match: {method: 'POST'}}});
    const wrong = await api.call('POST', '/proxies/identity-1-%3Eidentity-db/toxics', {type: 'drop_reply'});
    expect([wrong.status, wrong.json()]).toMatchObject([400, {error: expect.stringContaining('reads HTTP')}]);
    const pareto = {type: 'latency', attributes: {latency: 1, jitter: 1, distribution: 'pareto'}};
    expect((await api.call('POST', `${LINK}/toxics`, pareto)).json()).toMatchObject({attributes: pareto.attributes});
  });

  it('says which types there are', async () => {
    const wrong = await api.call('POST', `${LINK}/toxics`, {type: 'latncy'});
    expect(wrong.json()).toMatchObject({error: 'invalid toxic type', hint: expect.stringContaining('blackhole')});
  });

  it('takes a declared link for its proxy where it has one, and names them where it has more', async () => {
    const more = await api.call('GET', '/proxies/gateway->identity');
    expect(more.status).toBe(404);
    expect(more.json()).toMatchObject({hint: expect.stringContaining('gateway-2->identity-1')});
    // In this system gateways and identities are two each, streams one.
    const [single = ''] = Object.keys((await api.call('GET', '/proxies')).json<object>()).filter(name =>
      name.startsWith('stream-1->stream-db'),
    );
    expect((await api.call('GET', '/proxies/stream->stream-db')).json()).toMatchObject({name: single});
    const made = await api.call('POST', '/proxies/stream->stream-db/toxics', {type: 'latency'});
    expect(made.status).toBe(200);
    expect(api.system.engine.list()).toMatchObject([{target: single}]);
  });

  it('populates proxies with their toxics, all or nothing (Shopify/toxiproxy#281, #447)', async () => {
    const toxics = [
      {type: 'latency', attributes: {latency: 5}},
      {type: 'blackhole', stream: 'upstream', toxicity: 0},
    ];
    const wrong = await api.call('POST', '/populate', [
      {name: 'own', upstream: upstream(), toxics},
      {name: NAME, toxics: [{type: 'latency', attributes: {latency: -1}}]},
    ]);
    expect([wrong.status, wrong.json()]).toMatchObject([400, {proxies: []}]);
    const taken = await api.call('POST', '/populate', [
      {name: 'own', upstream: upstream(), toxics},
      {name: 'other', listen: `localhost:${api.port}`, upstream: upstream()},
      {name: NAME, toxics: [{type: 'latency'}]},
    ]);
    expect([taken.status, taken.json()]).toMatchObject([500, {error: expect.stringContaining('already in use')}]);
    expect((await api.call('GET', '/proxies/own')).status).toBe(404);
    expect([await names(LINK), api.system.engine.list()]).toEqual([[], []]);
    const right = await api.call('POST', '/populate', [
      {name: 'own', upstream: upstream(), toxics},
      {name: NAME, toxics: [{type: 'latency', attributes: {latency: 1}}]},
    ]);
    expect(right.status).toBe(201);
    expect(right.json()).toMatchObject({
      proxies: [
        {name: 'own', toxics: [{name: 'blackhole_upstream'}, {name: 'latency_downstream'}]},
        {name: NAME, toxics: [{name: 'latency_downstream'}]},
      ],
    });
  });

  it('opens a proxy with its toxics, or not at all (Shopify/toxiproxy#148)', async () => {
    const proxy = (latency: number) => ({
      name: 'own',
      upstream: upstream(),
      toxics: [{type: 'latency', attributes: {latency}}],
    });
    expect((await api.call('POST', '/proxies', proxy(-1))).status).toBe(400);
    expect((await api.call('POST', '/proxies', proxy(1))).json()).toMatchObject({toxics: [{attributes: {latency: 1}}]});
  });

  it('does what its page says, line by line', async () => {
    const page = await readFile(new URL('../../../docs/toxiproxy-api.md', import.meta.url), 'utf8');
    const lines = [...page.matchAll(/^curl(?: -X (\w+))? localhost:8474(\/\S+)(?:(?: \\\n +| )-d '([^']*)')?/gm)];
    expect(lines.length).toBeGreaterThan(5);
    for (const [line, method = 'GET', path = '', body] of lines) {
      // Its port may be somebody's on this machine.
      const answer = await api.call(method, path, body?.replace('localhost:26379', 'localhost:0'));
      expect([line, answer.status]).toEqual([line, method === 'GET' ? 200 : path === '/populate' ? 201 : 200]);
    }
    await api.call('DELETE', '/proxies/redis');
  });

  it('takes its own answer again, and changes nothing by it', async () => {
    await own({toxics: [{type: 'latency', seed: 5, attributes: {latency: 3}}]});
    await api.system.engine.inject(request('blackhole', NAME, {attributes: {toxicity: 0}}), {measure: 'background'});
    const before = (await api.call('GET', '/proxies')).json<object>();
    const ids = api.system.engine.list().map(({id}) => id);
    const again = await api.call('POST', '/populate', Object.values(before));
    expect([again.status, again.text]).toEqual([201, JSON.stringify({proxies: Object.values(before)})]);
    expect(api.system.engine.list().map(({id}) => id)).toEqual(ids);
    await own({toxics: []});
    expect(await names('/proxies/own')).toEqual([]);
  });

  it('lists connections with what applies to them, and counts live (Shopify/toxiproxy#148, #365)', async () => {
    await own({toxics: [{type: 'latency', name: 'slow', attributes: {latency: 1}}]});
    using client = await connect();
    await until(() => client.received().length === 5);
    const [connection] = (await api.call('GET', '/proxies/own/connections')).json<object[]>();
    expect(connection).toEqual({
      id: '1',
      since: expect.stringMatching(/^20.*Z$/),
      client: `127.0.0.1:${client.socket.localPort}`,
      bytes: {upstream: 5, downstream: 5},
      toxics: ['slow'],
    });
    expect((await api.call('GET', '/proxies/own/counters')).json()).toMatchObject({
      name: 'own',
      listening: true,
      connections: {open: 1, total: 1, failed: 0},
      bytes: {upstream: {received: 5, sent: 5}, downstream: {received: 5, sent: 5}},
      toxics: [{name: 'slow', type: 'latency', connections: 1, actions: 1}],
    });
    const metrics = await api.call('GET', '/metrics');
    expect(metrics.headers.get('content-type')).toContain('version=0.0.4');
    const {listen} = (await api.call('GET', '/proxies/own')).json<{listen: string}>();
    const labels = `listener="${listen}",proxy="own",upstream="${upstream()}"`;
    for (const line of [
      `toxiproxy_proxy_received_bytes_total{direction="upstream",${labels}} 5`,
      `toxiproxy_proxy_sent_bytes_total{direction="downstream",${labels}} 5`,
      'teralab_proxy_connections_open{proxy="own"} 1',
      expect.stringMatching(
        /^teralab_toxic_actions_total\{proxy="own",toxic="slow",type="latency",stream="downstream",id="f-\w+"\} 1$/,
      ),
    ])
      expect(metrics.text.split('\n')).toContainEqual(line);
  });

  it('never draws again who is concerned when a toxic is changed', async () => {
    await own({toxics: [{type: 'blackhole', name: 'wall', toxicity: 0.5, seed: 3}]});
    const clients = await Promise.all(Array.from({length: 20}, connect));
    const concerned = async (): Promise<string> => {
      const all = (await api.call('GET', '/proxies/own/connections')).json<{id: string; toxics: string[]}[]>();
      return all.map(({id, toxics}) => `${id}${toxics.length}`).join(' ');
    };
    await until(async () => (await concerned()).split(' ').length === 20);
    const first = await concerned();
    expect(first).toMatch(/\d0/);
    expect(first).toMatch(/\d1/);
    for (const toxicity of [0.2, 0.9, 0.5]) await api.call('PATCH', '/proxies/own/toxics/wall', {toxicity});
    await api.call('POST', '/proxies/own/toxics', {type: 'latency'});
    await api.call('DELETE', '/proxies/own/toxics/latency_downstream');
    expect(await concerned()).toBe(first);
    for (const client of clients) client.socket.destroy();
  });

  it('does not delete or re-point the links of the lab, and says why', async () => {
    const deleted = await api.call('DELETE', LINK);
    expect([deleted.status, deleted.json()]).toMatchObject([403, {error: expect.stringContaining('link of the lab')}]);
    const moved = await api.call('POST', LINK, {upstream: 'localhost:1'});
    expect([moved.status, moved.json()]).toMatchObject([403, {error: expect.stringContaining('lead elsewhere')}]);
    const {listen, upstream: to} = (await api.call('GET', LINK)).json<{listen: string; upstream: string}>();
    const disabled = await api.call('POST', LINK, {listen, upstream: to, enabled: false});
    expect(disabled.json()).toMatchObject({enabled: false, toxics: []});
    expect(api.system.engine.list()).toMatchObject([{kind: 'refuse', target: NAME, reason: 'toxiproxy-api'}]);
    await expect(fetch(api.system.urlOf(NAME))).rejects.toThrow();
    await api.system.engine.clearAll();
    expect((await api.call('GET', LINK)).json()).toMatchObject({enabled: true});
    expect((await fetch(api.system.urlOf(NAME))).status).toBe(200);
  });

  it('shows what others have put on, and leaves it alone', async () => {
    const {id} = await api.system.engine.inject(request('latency', NAME, {attributes: {latency: 1}}), {
      measure: 'background',
    });
    expect((await api.call('GET', `${LINK}/toxics/${id}`)).json()).toMatchObject({name: id, owner: 'test'});
    for (const method of ['DELETE', 'PATCH']) {
      const refused = await api.call(method, `${LINK}/toxics/${id}`, {});
      expect([refused.status, refused.json()]).toMatchObject([403, {error: expect.stringContaining('chaos clear')}]);
    }
    await api.call('POST', `${LINK}/toxics`, {type: 'latency'});
    await api.call('POST', '/reset');
    expect(await names(LINK)).toEqual([id]);
  });

  it('refuses a proxy that leads back to itself', async () => {
    const {listen} = (await own()).json<{proxies: {listen: string}[]}>().proxies[0] ?? {listen: ''};
    const wrong = await api.call('POST', '/proxies/own', {upstream: listen});
    expect([wrong.status, wrong.json()]).toMatchObject([400, {error: expect.stringContaining('back to itself')}]);
    const second = await api.call('POST', '/proxies', {name: 'second', upstream: listen});
    const back = await api.call('POST', '/proxies/own', {upstream: second.json<{listen: string}>().listen});
    expect(back.status).toBe(400);
    expect((await api.call('DELETE', '/proxies/second')).status).toBe(204);
  });

  it('answers two who want the same name one after the other', async () => {
    const answers = await Promise.all(
      Array.from({length: 8}, async () =>
        api.call('POST', `${LINK}/toxics`, {type: 'latency', attributes: {latency: 1}}),
      ),
    );
    expect(answers.map(({status}) => status).toSorted()).toEqual([200, ...Array(7).fill(409)]);
  });
});

describe('where the fabric is in a container, the API', () => {
  it('refuses proxies of clients and says why, and has all the rest', async () => {
    await using api = await startTestApi('docker');
    for (const [path, body] of [
      ['/proxies', {name: 'own', upstream: 'localhost:1'}],
      ['/populate', [{name: 'own', upstream: 'localhost:1'}]],
    ] as const) {
      const refused = await api.call('POST', path, body);
      expect([refused.status, refused.json()]).toMatchObject([
        403,
        {error: expect.stringContaining('inside a container')},
      ]);
    }
    expect((await api.call('POST', `${LINK}/toxics`, {type: 'latency'})).status).toBe(200);
    expect((await api.call('POST', LINK, {enabled: false})).json()).toMatchObject({enabled: false});
  });
});
