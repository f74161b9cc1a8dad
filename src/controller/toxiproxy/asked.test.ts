import {connect, type Socket} from 'node:net';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {serveFlood, type TestServer, until} from '../../fabric/testing.ts';
import {startTestApi, type TestApi} from './testing.ts';

/** A bound against hanging: Toxiproxy gives up after 25 s. */
const ANSWERED_WITHIN_MS = 5_000;

describe('the API under full traffic', () => {
  let api: TestApi;
  let flood: TestServer;
  const sockets = new Set<Socket>();
  beforeAll(async () => {
    api = await startTestApi();
    flood = await serveFlood();
    const made = await api.call('POST', '/proxies', {name: 'busy', upstream: `127.0.0.1:${flood.address.port}`});
    const [, port] = made.json<{listen: string}>().listen.split(':');
    // Half of them do not read, so that what is on its way to them is stuck.
    for (let index = 0; index < 12; index++) keepOpen(Number(port), index % 2 === 0);
  });
  afterAll(async () => {
    for (const socket of sockets) {
      sockets.delete(socket);
      socket.destroy();
    }
    await api[Symbol.asyncDispose]();
    await flood[Symbol.asyncDispose]();
  });

  function keepOpen(port: number, reads: boolean): void {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    sockets.add(socket);
    if (reads) socket.resume();
    // Those that a toxic has ended come again.
    socket.on('close', () => {
      if (sockets.delete(socket)) setTimeout(() => keepOpen(port, reads), 5);
    });
  }

  const passed = async (): Promise<number> =>
    (await api.call('GET', '/proxies/busy/counters')).json<{bytes: {downstream: {sent: number}}}>().bytes.downstream
      .sent;

  it.each(['latency', 'bandwidth', 'slicer', 'limit_data', 'timeout', 'slow_close', 'reset_peer', 'blackhole'])(
    'removes %s without a hang, answers everything meanwhile, and traffic goes on (Shopify/toxiproxy#558)',
    async type => {
      const timed = async (method: string, path: string, body?: object): Promise<number> => {
        const startedAt = performance.now();
        const {status} = await api.call(method, path, body);
        expect(performance.now() - startedAt).toBeLessThan(ANSWERED_WITHIN_MS);
        return status;
      };
      const before = await passed();
      await until(async () => (await passed()) > before, 'traffic passes');
      for (let round = 0; round < 3; round++) {
        expect(await timed('POST', '/proxies/busy/toxics', {type, name: 'x'})).toBe(200);
        const [removed, ...looked] = await Promise.all([
          timed('DELETE', '/proxies/busy/toxics/x'),
          timed('GET', '/proxies'),
          timed('GET', '/proxies/busy/connections'),
        ]);
        expect([removed, ...looked]).toEqual([204, 200, 200]);
      }
      const after = await passed();
      await until(async () => (await passed()) > after, 'traffic goes on');
      expect(api.internalErrors).toEqual([]);
    },
  );
});
