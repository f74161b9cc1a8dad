import {createServer} from 'node:http';
import type {Socket} from 'node:net';
import {describe, expect, it} from 'vitest';
import type {ToxicAttributes, ToxicKind} from './fabric.ts';
import {
  asTestServer,
  call,
  openLink,
  serve,
  serveEcho,
  type TestClient,
  type TestServer,
  toxic,
  until,
} from './testing.ts';

/** Every kind that takes a toxicity, so that it could not be overlooked if it did anything. */
const STRONG: readonly (readonly [ToxicKind, ToxicAttributes])[] = [
  ['latency', {latency: 600_000}],
  ['bandwidth', {rate: 0}],
  ['timeout', {timeout: 1}],
  ['blackhole', {}],
  ['cutoff', {after: 0}],
  ['reset_peer', {}],
  ['slow_close', {delay: 600_000}],
  ['slow_open', {delay: 600_000}],
  ['slicer', {average_size: 1, delay: 600_000_000}],
  ['limit_data', {bytes: 0}],
  ['drop_reply', {}],
  ['reply_status', {}],
];

const QUESTION = 'GET / HTTP/1.1\r\nhost: here\r\n\r\n';
const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

/** What users of other tools have asked for, on the fabric itself: docs/what-people-ask.md has all of it. */
describe('a toxic', () => {
  it.each(STRONG)('%s with toxicity 0 really does nothing (Shopify/toxiproxy#603)', async (kind, attributes) => {
    const ends: string[] = [];
    await using upstream = await serve(socket => {
      socket.on('data', () => socket.write(ANSWER));
      socket.on('end', () => socket.end(() => ends.push('end')));
      socket.on('error', error => ends.push(error.message));
    });
    await using link = await openLink(upstream.address, {protocol: 'http'});
    const ask = async (client: TestClient, times: number): Promise<void> => {
      client.socket.write(QUESTION);
      await until(() => client.received().length === times * ANSWER.length, 'the answer');
    };
    using old = call(link.address);
    await ask(old, 1);
    await link.fabric.change({add: [toxic(kind, {toxicity: 0, attributes})]});
    using fresh = call(link.address);
    await ask(old, 2);
    await ask(fresh, 1);
    await ask(fresh, 2);
    for (const client of [old, fresh]) client.socket.end();
    await until(() => old.ended() !== undefined && fresh.ended() !== undefined && ends.length === 2, 'all ends');
    expect([old.ended(), fresh.ended(), ...ends]).toEqual(['end', 'end', 'end', 'end']);
    expect((await link.fabric.toxics())[0]?.touched).toEqual({connections: 0, actions: 0});
  });

  it('with toxicity 1 lets no connection escape, whenever it was opened (Shopify/toxiproxy#148)', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    const clients: TestClient[] = [];
    const open = async (count: number): Promise<void> => {
      for (const until = clients.length + count; clients.length < until; ) {
        clients.push(call(link.address));
        await new Promise(resolve => setTimeout(resolve, 1));
      }
    };
    const opening = open(150);
    await until(() => clients.length > 50);
    // Some are there, some are on their way, some come later.
    await link.fabric.change({add: [toxic('blackhole', {stream: 'upstream'})]});
    await opening;
    for (const {socket} of clients) socket.write('x');
    const touched = async () => (await link.fabric.toxics())[0]?.touched;
    await until(async () => (await touched())?.actions === clients.length, 'every byte is held');
    expect((await touched())?.connections).toBe(clients.length);
    for (const {toxics, bytes} of await link.fabric.connections(link.name))
      expect([toxics, bytes.upstream]).toEqual([['blackhole-1'], 0]);
    await link.fabric.change({remove: ['blackhole-1']});
    await until(() => clients.every(client => client.received().toString() === 'x'), 'every byte is delivered');
    for (const {socket} of clients) socket.destroy();
  });

  it.each([
    ['reply_status', 503],
    ['drop_reply', 'none'],
  ] as const)('%s fails the first three requests and no more (Shopify/toxiproxy#404)', async (kind, failed) => {
    await using upstream = await serveOk();
    await using link = await openLink(upstream.address, {protocol: 'http'});
    const ask = async (path: string): Promise<number | 'none'> =>
      fetch(`http://127.0.0.1:${link.address.port}${path}`, {method: 'POST'})
        .then(async reply => reply.text().then(() => reply.status))
        .catch(() => 'none' as const);
    const answers = async (count: number): Promise<readonly (number | 'none')[]> => {
      const all: (number | 'none')[] = [];
      for (let index = 0; index < count; index++) all.push(await ask('/counted'));
      return all;
    };
    const times = (count: number) => toxic(kind, {attributes: {times: count, match: {path: '/counted'}}});
    await link.fabric.change({add: [times(3)]});
    // Neither probes nor what it is not about count.
    await link.fabric.probe(link.name, {count: 2, timeoutMs: 5_000});
    expect(await ask('/other')).toBe(200);
    expect(await answers(5)).toEqual([failed, failed, failed, 200, 200]);
    expect((await link.fabric.toxics())[0]?.touched.actions).toBe(3);
    await link.fabric.change({add: [times(1)], remove: [`${kind}-1`]});
    expect(await answers(2)).toEqual([failed, 200]);
  });
});

async function serveOk(): Promise<TestServer> {
  const server = createServer((request, response) => request.resume().on('end', () => response.end('ok')));
  const sockets = new Set<Socket>();
  server.on('connection', socket => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  return asTestServer(server, sockets);
}
