import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {request} from '../../faults/testing.ts';
import {tampering} from '../../labs/run/tampering.ts';
import {findBypasses} from '../bypasses.ts';
import {startTestApi, type TestApi} from './testing.ts';

const NAME = 'gateway-1->identity-1';
const LINK = `/proxies/${encodeURIComponent(NAME)}`;
const LAB = 'lab p2-05-break-the-circuit';

/** Whatever a client does over the API while a lab is checked, the code that is judged (which might be the client) among them. */
describe('over the API, during a check', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
  });
  afterAll(async () => api[Symbol.asyncDispose]());

  const problems = (since: number): readonly string[] =>
    tampering({reason: LAB, since, events: [], faults: api.system.engine.history(), suspects: []});

  it("the lab's own toxics cannot be changed or ended, and its links cannot be led elsewhere", async () => {
    const fault = await api.system.engine.inject({...request('blackhole', NAME), reason: LAB}, {measure: 'background'});
    const [before] = await api.system.fabric.toxics();
    const [{name: toxic = ''} = {}] = (await api.call('GET', `${LINK}/toxics`)).json<{name: string}[]>();
    const tries = [
      await api.call('DELETE', `${LINK}/toxics/${toxic}`),
      await api.call('POST', `${LINK}/toxics/${toxic}`, {toxicity: 0}),
      await api.call('PATCH', `${LINK}/toxics/${toxic}`, {expires_in: '1ms'}),
      await api.call('POST', LINK, {upstream: '127.0.0.1:1'}),
      await api.call('DELETE', LINK),
    ];
    expect(tries.map(({status}) => status)).toEqual([403, 403, 403, 403, 403]);
    // Both of them succeed, and leave what is not theirs alone.
    await api.call('POST', '/reset');
    await api.call('POST', '/populate', [{name: NAME, toxics: []}]);
    expect(await api.system.fabric.toxics()).toMatchObject([{id: fault.id, toxicity: 1, endsAt: before?.endsAt}]);
    expect(api.system.engine.list()).toMatchObject([{id: fault.id, state: 'active'}]);
    expect(problems(0)).toEqual([]);
    await api.system.engine.clearAll({measure: 'background'});
  });

  it.each([
    ['a toxic', 'latency', () => api.call('POST', `${LINK}/toxics`, {type: 'latency', attributes: {latency: 1}})],
    ['a link that is disabled', 'refuse', () => api.call('POST', LINK, {enabled: false})],
  ])('%s costs it its pass, also when it is taken back at once', async (_, kind, act) => {
    await api.call('POST', '/reset');
    const since = Date.now() + 1;
    expect(problems(since)).toEqual([]);
    await expect.poll(Date.now).toBeGreaterThan(since);
    expect((await act()).status).toBe(200);
    const told = [`${kind} on ${NAME} was injected by somebody else (toxiproxy-api)`];
    expect(problems(since)).toEqual(told);
    await api.call('POST', '/reset');
    expect(problems(since)).toEqual(told);
  });

  it('a service that is connected to a proxy of a client has gone past its links', async () => {
    await api.call('POST', '/populate', [{name: 'own', upstream: '127.0.0.1:9'}]);
    const {listen} = (await api.call('GET', '/proxies/own')).json<{listen: string}>();
    const port = Number(listen.split(':')[1]);
    const bypasses = () =>
      findBypasses({
        plan: {nodes: [], proxies: []},
        runtime: {
          address: () => ({host: '127.0.0.1', port: 1}),
          connections: ports => (ports.has(port) ? [{node: 'gateway-1', port}] : []),
        },
        proxyAddress: () => undefined,
        places: api.ownPlaces(),
      });
    expect(bypasses()).toEqual([{node: 'gateway-1', to: 'the proxy own of a client of the Toxiproxy API'}]);
    await api.call('DELETE', '/proxies/own');
    expect(bypasses()).toEqual([]);
  });
});
