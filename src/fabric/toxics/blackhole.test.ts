import {once} from 'node:events';
import {describe, expect, it} from 'vitest';
import {call, openLink, serve, serveEcho, toxic, until} from '../testing.ts';

describe('blackhole', () => {
  it('holds bytes and delivers them when it heals', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    using client = call(link.address);
    client.socket.write('before ');
    await until(() => client.received().toString() === 'before ');
    await link.fabric.change({add: [toxic('blackhole')]});
    client.socket.write('during ');
    await until(async () => ((await link.fabric.toxics())[0]?.touched.actions ?? 0) > 0, 'the hold');
    expect(client.received().toString()).toBe('before ');
    await link.fabric.change({remove: ['blackhole-1']});
    client.socket.write('after');
    await until(() => client.received().toString() === 'before during after');
  });

  it('holds a FIN and a reset as well', async () => {
    const seen: string[] = [];
    await using upstream = await serve(socket => {
      socket.resume();
      socket.on('end', () => seen.push('end'));
      socket.on('error', (error: NodeJS.ErrnoException) => seen.push(error.code ?? ''));
    });
    await using link = await openLink(upstream.address);
    using polite = call(link.address);
    using rude = call(link.address);
    await until(() => upstream.sockets.size === 2);
    await link.fabric.change({add: [toxic('blackhole')]});
    polite.socket.end();
    rude.socket.resetAndDestroy();
    await until(async () => (await link.fabric.toxics())[0]?.touched.actions === 2, 'both to be held');
    expect(seen).toEqual([]);
    await link.fabric.change({remove: ['blackhole-1']});
    await until(() => seen.length === 2);
    expect(seen.sort()).toEqual(['ECONNRESET', 'end']);
  });

  it('accepts new connections and keeps them from the upstream until it heals', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    await link.fabric.change({add: [toxic('blackhole')]});
    using patient = call(link.address);
    using gaveUp = call(link.address);
    await Promise.all([once(patient.socket, 'connect'), once(gaveUp.socket, 'connect')]);
    patient.socket.write('hello');
    gaveUp.socket.write('never mind');
    await until(async () => (await link.fabric.toxics())[0]?.touched.actions === 2, 'both to be held');
    gaveUp.socket.resetAndDestroy();
    await until(async () => (await link.fabric.counters())[0]?.connections.open === 1, 'the one that is left');
    expect(upstream.sockets.size).toBe(0);
    await link.fabric.change({remove: ['blackhole-1']});
    await until(() => patient.received().toString() === 'hello');
    expect(upstream.sockets.size).toBe(1);
  });

  it('in one direction leaves the other alone', async () => {
    const got: string[] = [];
    await using upstream = await serve(socket => {
      socket.write('ready');
      socket.on('data', bytes => got.push(bytes.toString()));
    });
    await using link = await openLink(upstream.address);
    await link.fabric.change({add: [toxic('blackhole', {stream: 'downstream'})]});
    using client = call(link.address);
    client.socket.write('ping');
    await until(() => got.length === 1);
    expect(client.received().length).toBe(0);
    await link.fabric.change({remove: ['blackhole-1']});
    await until(() => client.received().toString() === 'ready');
  });

  it('stops reading, so that a sender is held up', async () => {
    await using upstream = await serve(socket => socket.resume());
    await using link = await openLink(upstream.address);
    await link.fabric.change({add: [toxic('blackhole')]});
    using client = call(link.address);
    const sent = 32 * 1024 * 1024;
    client.socket.write(Buffer.alloc(sent));
    await once(client.socket, 'connect');
    let before = -1;
    await until(async () => {
      const stands = before === client.socket.writableLength;
      before = client.socket.writableLength;
      await new Promise(resolve => setTimeout(resolve, 20));
      return stands;
    }, 'the standstill');
    expect(client.socket.writableLength).toBeGreaterThan(0);
    await link.fabric.change({remove: ['blackhole-1']});
    await until(async () => (await link.fabric.counters())[0]?.bytes.upstream === sent, 'all bytes');
  });

  it('ends by itself', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    await link.fabric.change({add: [toxic('blackhole', {endsAt: Date.now() + 60})]});
    const startedAt = performance.now();
    using client = call(link.address);
    client.socket.write('hello');
    await until(() => client.received().toString() === 'hello');
    expect(performance.now() - startedAt).toBeGreaterThan(50);
    expect(await link.fabric.toxics()).toEqual([]);
    // Whoever clears it a moment too late has made no mistake.
    await link.fabric.change({remove: ['blackhole-1']});
  });
});
