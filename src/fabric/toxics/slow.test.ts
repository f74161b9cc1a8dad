import {once} from 'node:events';
import {describe, expect, it} from 'vitest';
import {call, openLink, serve, serveEcho, timed, toxic, until} from '../testing.ts';

describe('slow_close', () => {
  it('passes bytes at once and a FIN late, and the other half stays open', async () => {
    await using upstream = await serve(socket => {
      socket.on('data', () => socket.write('at once'));
      socket.on('end', () => socket.end(' and after the end'));
    });
    await using link = await openLink(upstream.address);
    using client = call(link.address);
    await link.fabric.change({add: [toxic('slow_close', {stream: 'upstream', attributes: {delay: 300}})]});
    const startedAt = performance.now();
    client.socket.end('question');
    await until(() => client.received().toString() === 'at once');
    const answeredMs = performance.now() - startedAt;
    await until(() => client.ended() === 'end');
    const endedMs = performance.now() - startedAt;
    expect(client.received().toString()).toBe('at once and after the end');
    expect(endedMs).toBeGreaterThan(299);
    expect(endedMs - answeredMs).toBeGreaterThan(0);
  });

  it('delays a reset as well, and lets go of it at once when it goes', async () => {
    const seen: string[] = [];
    await using upstream = await serve(socket => {
      socket.resume();
      socket.on('error', (error: NodeJS.ErrnoException) => seen.push(error.code ?? ''));
    });
    await using link = await openLink(upstream.address);
    using client = call(link.address);
    await until(() => upstream.sockets.size === 1);
    await link.fabric.change({add: [toxic('slow_close', {attributes: {delay: 600_000}})]});
    client.socket.resetAndDestroy();
    await until(async () => (await link.fabric.toxics())[0]?.touched.actions === 1);
    expect(seen).toEqual([]);
    await link.fabric.change({remove: ['slow_close-1']});
    await until(() => seen.length === 1);
    expect(seen).toEqual(['ECONNRESET']);
  });
});

describe('slow_open', () => {
  it('connects to the upstream late, and holds what the client says meanwhile (Shopify/toxiproxy#123)', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    using old = call(link.address);
    await until(() => upstream.sockets.size === 1);
    await link.fabric.change({add: [toxic('slow_open', {attributes: {delay: 120}})]});
    const startedAt = performance.now();
    using client = call(link.address);
    await once(client.socket, 'connect');
    client.socket.write('hello');
    old.socket.write('old');
    await until(() => old.received().toString() === 'old');
    await until(() => client.received().toString() === 'hello');
    expect(performance.now() - startedAt).toBeGreaterThan(119);
    // Once it is open it is as fast as ever, as compared with the one that was open before.
    expect((await link.fabric.toxics())[0]?.touched).toEqual({connections: 2, actions: 1});
  });

  it('of several adds up, and is waited for where a server speaks first', async () => {
    await using upstream = await serve(socket => socket.end('INFO'));
    await using link = await openLink(upstream.address, {protocol: 'nats'});
    await link.fabric.change({
      add: [
        toxic('slow_open', {id: 'a', attributes: {delay: 60}}),
        toxic('slow_open', {id: 'b', attributes: {delay: 60}}),
      ],
    });
    using client = call(link.address);
    expect(await timed(() => client.received().toString() === 'INFO')).toBeGreaterThan(119);
  });

  it.each(['slow_open', 'blackhole', 'bandwidth'] as const)(
    'and %s end at once when they go, for a client that waits for the server to speak',
    async kind => {
      await using upstream = await serve(socket => socket.write('INFO'));
      await using link = await openLink(upstream.address, {protocol: 'nats'});
      await link.fabric.change({add: [toxic(kind, kind === 'slow_open' ? {attributes: {delay: 600_000}} : {})]});
      using client = call(link.address);
      await once(client.socket, 'connect');
      await until(async () => (await link.fabric.toxics())[0]?.touched.connections === 1);
      expect(upstream.sockets.size).toBe(0);
      await link.fabric.change({remove: [`${kind}-1`]});
      await until(() => client.received().toString() === 'INFO');
    },
  );
});
