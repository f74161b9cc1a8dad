import {type AddressInfo, createServer} from 'node:net';
import {Toxiproxy} from 'toxiproxy-node-client';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {StatusReport} from '../src/controller/protocol.ts';
import type {FaultRecord} from '../src/faults/fault.ts';
import {expectDocumented} from './support/documented.ts';
import {freePort} from './support/free-port.ts';
import {type Learner, newLearner} from './support/learner.ts';
import {until} from './support/until.ts';

const LINK = 'gateway-1->identity-1';
const LATENCY_MS = 400;

/** A system with the API, and Toxiproxy's Node client as whoever uses it. The tests build on each other, in this order. */
describe.sequential('a system with the Toxiproxy API', () => {
  let learner: Learner;
  let port = 0;
  let system: StatusReport;
  let toxiproxy: Toxiproxy;

  beforeAll(async () => {
    learner = newLearner();
    port = await freePort();
  });
  afterAll(async () => learner[Symbol.asyncDispose]());

  /** A request that the gateway sends on to identity: it has no session, and is told so by identity. */
  const signInMs = async (): Promise<number> => {
    const startedAt = performance.now();
    const reply = await fetch(`${system.urls.gateway[0]}/v1/sessions`, {
      method: 'POST',
      headers: {'content-type': 'application/json'},
      body: JSON.stringify({email: 'nobody@example.com', password: 'not the right one'}),
    });
    await reply.text();
    return performance.now() - startedAt;
  };
  const faults = async (): Promise<readonly FaultRecord[]> =>
    (await learner.json<FaultRecord[]>('chaos', 'list')).document;

  it('is not started where its port is taken: exit code 4', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await until('the port is held', async () => holder.listening);
    const {port: taken} = holder.address() as AddressInfo;
    const {exitCode, document} = await learner.json<{error: {code: string; message: string}}>(
      'up',
      '--toxiproxy-api',
      `${taken}`,
    );
    holder.close();
    expect([exitCode, document.error.code]).toEqual([4, 'PORT_TAKEN']);
    expect(document.error.message).toContain(`port ${taken}`);
    expect((await learner.run('status')).exitCode).toBe(4);
  });

  it('says in up and status where the API is', async () => {
    const {exitCode, document} = await learner.json<StatusReport>('up', '--toxiproxy-api', `${port}`);
    expect(exitCode).toBe(0);
    expectDocumented('up', document);
    system = document;
    expect(document.urls.toxiproxyApi).toBe(`http://127.0.0.1:${port}`);
    expect((await learner.run('status')).stdout).toContain(`Toxiproxy http://127.0.0.1:${port}`);
    toxiproxy = new Toxiproxy(`http://localhost:${port}`);
    expect(JSON.parse(await toxiproxy.getVersion())).toEqual({version: '2.12.0'});
    const links = document.links.flatMap(({proxies}) => proxies.map(({name}) => name));
    expect(Object.keys(await toxiproxy.getAll())).toEqual(expect.arrayContaining(links));
  });

  it('has another port only after it was taken down', async () => {
    const {exitCode, document} = await learner.json<{error: {code: string}}>('up', '--toxiproxy-api', `${port + 1}`);
    expect([exitCode, document.error.code]).toEqual([4, 'BUSY']);
  });

  it('has a toxic of the client in its requests, in its record, and rid of it by `chaos clear`', async () => {
    await signInMs();
    const link = await toxiproxy.get(LINK);
    await link.addToxic({
      name: 'slow',
      type: 'latency',
      stream: 'downstream',
      toxicity: 1,
      attributes: {latency: LATENCY_MS, jitter: 0},
    });
    expect(await signInMs()).toBeGreaterThan(LATENCY_MS);
    await until('the fault bites', async () => (await faults())[0]?.effect?.verdict === 'bites');
    const [fault] = await faults();
    expectDocumented('chaos list', [fault]);
    expect(fault).toMatchObject({name: 'slow', kind: 'latency', target: LINK, reason: 'toxiproxy-api'});
    const {document} = await learner.json<FaultRecord[]>('chaos', 'clear', fault?.id ?? '');
    expect(document).toMatchObject([{state: 'ended', endedBy: 'clear'}]);
    await expect(link.getToxic('slow')).rejects.toThrow('404');
    await until('requests are quick again', async () => (await signInMs()) < LATENCY_MS);
  });

  it('is cut and healed by disabling a link', async () => {
    const link = await toxiproxy.get(LINK);
    const {listen, upstream} = link;
    await link.update({enabled: false, listen, upstream});
    const {document} = await learner.json<StatusReport>('status');
    const proxies = document.links.flatMap(one => one.proxies);
    expect(proxies.find(({name}) => name === LINK)).toMatchObject({listening: false});
    expect(document.faults).toMatchObject([{kind: 'refuse', target: LINK}]);
    await toxiproxy.reset();
    expect(await faults()).toEqual([]);
    expect((await toxiproxy.get(LINK)).enabled).toBe(true);
  });

  it('leads a proxy of the client into itself', async () => {
    const gateway = new URL(system.urls.gateway[0] ?? '').host;
    const proxy = await toxiproxy.createProxy({name: 'mine', listen: 'localhost:0', upstream: gateway});
    expect((await fetch(`http://${proxy.listen}/openapi.json`)).status).toBe(200);
    const metrics = await (await fetch(`${system.urls.toxiproxyApi}/metrics`)).text();
    expect(metrics).toMatch(/toxiproxy_proxy_sent_bytes_total\{direction="downstream".*proxy="mine".*\} [1-9]/);
  });

  it('leaves nothing listening with down, toxics and proxies of the client included', async () => {
    const link = await toxiproxy.get(LINK);
    await link.addToxic({
      name: 'wall',
      type: 'latency',
      stream: 'upstream',
      toxicity: 1,
      attributes: {latency: 1},
    } as const);
    const {listen} = await toxiproxy.get('mine');
    expect((await learner.run('down')).exitCode).toBe(0);
    for (const url of [`http://127.0.0.1:${port}/version`, `http://${listen}/`])
      await expect(fetch(url)).rejects.toThrow('fetch failed');
    await learner.json<StatusReport>('up');
    expect(await faults()).toEqual([]);
    const {document} = await learner.json<StatusReport>('status');
    expect(document.urls).not.toHaveProperty('toxiproxyApi');
  });

  it('can be given the API while it runs', async () => {
    const {exitCode, document} = await learner.json<StatusReport>('up', '--toxiproxy-api', `${port}`);
    expect([exitCode, document.urls.toxiproxyApi]).toEqual([0, `http://127.0.0.1:${port}`]);
  });
});
