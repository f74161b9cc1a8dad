import {randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {describe, expect, it} from 'vitest';
import {call, openLink, serve, serveEcho, serveFlood, toxic, until} from '../testing.ts';

describe('limit_data', () => {
  it.each([0, 1, 5, 100_000, 3_000_000])('delivers exactly %d bytes of a flood, then a FIN', async bytes => {
    await using upstream = await serveFlood();
    await using link = await openLink(upstream.address);
    await link.fabric.change({add: [toxic('limit_data', {stream: 'downstream', attributes: {bytes}})]});
    using client = call(link.address);
    client.socket.pause();
    await once(client.socket, 'connect');
    client.socket.resume();
    await until(() => client.ended() !== undefined);
    expect([client.ended(), client.received().length]).toEqual(['end', bytes]);
    await until(() => upstream.sockets.size === 0, 'the closing at the upstream');
    client.socket.end();
    await until(async () => (await link.fabric.counters())[0]?.connections.open === 0);
  });

  it('counts each connection and each direction by itself, from when it was put on', async () => {
    const got = new Map<number, string>();
    await using upstream = await serve(socket => {
      const port = socket.remotePort ?? 0;
      socket.on('data', bytes => got.set(port, (got.get(port) ?? '') + bytes));
      socket.on('end', () => socket.end());
    });
    await using link = await openLink(upstream.address);
    using old = call(link.address);
    old.socket.write('before.');
    await until(() => [...got.values()].includes('before.'));
    await link.fabric.change({add: [toxic('limit_data', {stream: 'upstream', attributes: {bytes: 5}})]});
    using fresh = call(link.address);
    old.socket.write('0123');
    fresh.socket.write('56789abc');
    await until(() => fresh.ended() === 'end');
    expect(old.ended()).toBeUndefined();
    old.socket.write('4567');
    await until(() => old.ended() === 'end');
    expect([...got.values()].sort()).toEqual(['56789', 'before.01234']);
  });

  it('closes only after what is still on its way through other toxics', async () => {
    const sent = randomBytes(1_000);
    await using upstream = await serve(socket => socket.write(sent));
    await using link = await openLink(upstream.address);
    await link.fabric.change({
      add: [
        toxic('limit_data', {attributes: {bytes: 600}}),
        toxic('latency', {attributes: {latency: 20}}),
        toxic('slicer', {attributes: {average_size: 100, delay: 2_000}}),
        toxic('slow_close', {attributes: {delay: 20}}),
      ],
    });
    using client = call(link.address);
    await until(() => client.ended() === 'end');
    expect(client.received().equals(sent.subarray(0, 600))).toBe(true);
  });

  it('that is not reached leaves a connection as it is when it goes', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    await link.fabric.change({add: [toxic('limit_data', {attributes: {bytes: 100}})]});
    using client = call(link.address);
    client.socket.write('ninety');
    await until(() => client.received().length === 6);
    await link.fabric.change({remove: ['limit_data-1']});
    client.socket.write(Buffer.alloc(1_000));
    await until(() => client.received().length === 1_006);
    client.socket.end();
    await until(() => client.ended() === 'end');
  });
});
