import {type ICreateToxicBody, Toxic, Toxiproxy, ToxiproxyError, Proxy as ToxiproxyProxy} from 'toxiproxy-node-client';
import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest';
import {call, serveEcho, type TestServer, until} from '../../fabric/testing.ts';
import {startTestApi, type TestApi} from './testing.ts';

const LINK = 'gateway-1->identity-1';

/** Every method of toxiproxy-node-client, the client that testcontainers uses too, against the API as it is served. */
describe('toxiproxy-node-client', () => {
  let api: TestApi;
  let echo: TestServer;
  let toxiproxy: Toxiproxy;
  beforeAll(async () => {
    api = await startTestApi();
    echo = await serveEcho();
    toxiproxy = new Toxiproxy(api.url);
  });
  afterAll(async () => {
    await api[Symbol.asyncDispose]();
    await echo[Symbol.asyncDispose]();
  });
  afterEach(async () => {
    await toxiproxy.reset();
    const own = Object.values(await toxiproxy.getAll()).filter(({name}) => !name.includes('->'));
    for (const proxy of own) await proxy.remove();
  });

  const upstream = (): string => `localhost:${echo.address.port}`;
  const create = async (name = 'redis'): Promise<ToxiproxyProxy> =>
    toxiproxy.createProxy({name, listen: 'localhost:0', upstream: upstream()});
  const latency = (more: Partial<ICreateToxicBody<{latency: number; jitter: number}>> = {}) =>
    ({
      name: 'slow',
      type: 'latency',
      stream: 'downstream',
      toxicity: 1,
      attributes: {latency: 150, jitter: 0},
      ...more,
    }) as const;
  const roundTripMs = async ({listen}: ToxiproxyProxy): Promise<number> => {
    const [host = '', port] = listen.split(':');
    using client = call({host, port: Number(port)});
    const startedAt = performance.now();
    client.socket.write('ping');
    await until(() => client.received().length === 4);
    return performance.now() - startedAt;
  };

  it('getVersion', async () => {
    expect(JSON.parse(await toxiproxy.getVersion())).toEqual({version: '2.12.0'});
  });

  it('createProxy, get, getAll, toJson', async () => {
    const created = await create();
    expect(created.toJson()).toEqual({
      name: 'redis',
      listen: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      upstream: upstream(),
      enabled: true,
    });
    expect((await toxiproxy.get('redis')).toJson()).toEqual(created.toJson());
    expect(Object.keys(await toxiproxy.getAll())).toEqual(expect.arrayContaining(['redis', LINK]));
    expect(created.getHost()).toBe(api.url);
    await expect(create()).rejects.toThrow(ToxiproxyError);
    await expect(toxiproxy.get('none')).rejects.toThrow('Request failed with status code 404');
  });

  it('populate', async () => {
    const proxies = await toxiproxy.populate([
      {name: 'one', listen: 'localhost:0', upstream: upstream()},
      {name: 'two', listen: 'localhost:0', upstream: upstream(), enabled: false},
    ]);
    expect(Object.values(proxies).map(({name, enabled}) => [name, enabled])).toEqual([
      ['one', true],
      ['two', false],
    ]);
  });

  it('Proxy.update and Proxy.remove', async () => {
    const proxy = await create();
    const {listen} = proxy;
    const disabled = await proxy.update({enabled: false, listen, upstream: upstream()});
    expect(disabled).toBeInstanceOf(ToxiproxyProxy);
    expect(disabled.toJson()).toMatchObject({enabled: false, listen});
    const [host = '', port] = listen.split(':');
    using client = call({host, port: Number(port)});
    await until(() => client.ended() === 'ECONNREFUSED');
    await proxy.update({enabled: true, listen, upstream: upstream()});
    expect(await roundTripMs(proxy)).toBeGreaterThan(0);
    await proxy.remove();
    await expect(toxiproxy.get('redis')).rejects.toThrow('404');
  });

  it('Proxy.addToxic, Proxy.getToxic, Toxic.update, Toxic.remove, which traffic feels', async () => {
    const proxy = await create();
    const toxic = await proxy.addToxic(latency());
    expect(toxic).toBeInstanceOf(Toxic);
    expect(toxic.toJson()).toEqual(latency());
    expect((await proxy.getToxic('slow')).toJson()).toEqual(latency());
    expect(await roundTripMs(proxy)).toBeGreaterThan(145);
    const updated = await toxic.update(latency({attributes: {latency: 300, jitter: 0}, toxicity: 1}));
    expect(updated.toJson().attributes).toEqual({latency: 300, jitter: 0});
    expect(await roundTripMs(proxy)).toBeGreaterThan(295);
    await toxic.remove();
    await expect(proxy.getToxic('slow')).rejects.toThrow('404');
    await until(async () => (await roundTripMs(proxy)) < 145);
  });

  it('reset', async () => {
    const proxy = await create();
    await proxy.addToxic(latency());
    await proxy.update({enabled: false, listen: proxy.listen, upstream: proxy.upstream});
    await toxiproxy.reset();
    expect((await toxiproxy.get('redis')).enabled).toBe(true);
    await expect(proxy.getToxic('slow')).rejects.toThrow('404');
  });

  it('puts toxics on the links of the lab by their names', async () => {
    const link = await toxiproxy.get(LINK);
    await link.addToxic(latency());
    expect(api.system.engine.list()).toMatchObject([
      {name: 'slow', kind: 'latency', target: LINK, reason: 'toxiproxy-api', proxies: [LINK]},
    ]);
    const startedAt = performance.now();
    await fetch(`${api.system.urlOf(LINK)}/`).then(reply => reply.text());
    expect(performance.now() - startedAt).toBeGreaterThan(145);
    await expect(link.remove()).rejects.toThrow('403');
  });
});
