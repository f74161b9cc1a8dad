import {randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {connect} from 'node:net';
import {describe, expect, it} from 'vitest';
import {call, openLink, serve, serveEcho, until} from './testing.ts';

describe('a link without toxics', () => {
  it('carries bytes both ways and counts them', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    using client = call(link.address);
    client.socket.write('hello');
    await until(() => client.received().toString() === 'hello');
    const [counters] = await link.fabric.counters();
    expect(counters).toMatchObject({
      listening: true,
      connections: {open: 1, total: 1, failed: 0},
      bytes: {upstream: 5, downstream: 5},
    });
    client.socket.end();
    await until(async () => (await link.fabric.counters())[0]?.connections.open === 0, 'the closing');
  });

  it('carries 32 MB unchanged through a slow reader', async () => {
    const sent = randomBytes(32 * 1024 * 1024);
    await using upstream = await serve(socket => socket.end(sent));
    await using link = await openLink(upstream.address);
    using client = call(link.address);
    client.socket.pause();
    await once(client.socket, 'connect');
    client.socket.resume();
    await until(() => client.ended() === 'end', 'the end');
    expect(client.received().equals(sent)).toBe(true);
  });

  it('holds little for a reader that does not read', async () => {
    const flood = Buffer.alloc(64 * 1024 * 1024);
    await using upstream = await serve(socket => socket.end(flood));
    await using link = await openLink(upstream.address);
    const socket = connect(link.address).pause();
    await once(socket, 'connect');
    let before = -1;
    await until(async () => {
      const now = (await link.fabric.counters())[0]?.bytes.downstream ?? 0;
      const stands = now === before && now > 0;
      before = now;
      await new Promise(resolve => setTimeout(resolve, 20));
      return stands;
    }, 'the standstill');
    // The kernel's buffers of two sockets on loopback come on top of the lane's own bound.
    expect(before).toBeLessThan(24 * 1024 * 1024);
    socket.destroy();
  });

  it('keeps a half-closed connection half-closed', async () => {
    await using upstream = await serve(socket => {
      let got = '';
      socket.on('data', bytes => {
        got += bytes;
      });
      socket.on('end', () => setTimeout(() => socket.end(`after the end: ${got}`), 20));
    });
    await using link = await openLink(upstream.address);
    using client = call(link.address);
    client.socket.end('question');
    await until(() => client.ended() === 'end', 'the end');
    expect(client.received().toString()).toBe('after the end: question');
  });

  it('passes a reset on as a reset, in both directions', async () => {
    await using upstream = await serve(socket =>
      socket.on('data', bytes => bytes.toString() === 'die' && socket.resetAndDestroy()),
    );
    await using link = await openLink(upstream.address);
    using client = call(link.address);
    client.socket.write('die');
    await until(() => client.ended() !== undefined, 'the reset');
    expect(client.ended()).toBe('ECONNRESET');

    const errors: string[] = [];
    await using other = await serve(socket =>
      socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? '')),
    );
    await using second = await openLink(other.address);
    using rude = call(second.address);
    rude.socket.write('x');
    await until(() => other.sockets.size === 1);
    rude.socket.resetAndDestroy();
    await until(() => errors.length > 0, 'the reset upstream');
    expect(errors).toEqual(['ECONNRESET']);
  });

  it('resets a client whose upstream is not there, and counts it as failed', async () => {
    const upstream = await serveEcho();
    await upstream[Symbol.asyncDispose]();
    await using link = await openLink(upstream.address);
    using client = call(link.address);
    await until(() => client.ended() !== undefined, 'the reset');
    expect(client.ended()).toBe('ECONNRESET');
    expect((await link.fabric.counters())[0]?.connections).toEqual({open: 0, total: 1, failed: 1});
  });

  it('survives a client that goes at every moment', async () => {
    await using upstream = await serve(socket => socket.on('data', () => socket.write(randomBytes(100_000))));
    await using link = await openLink(upstream.address);
    for (let index = 0; index < 60; index++) {
      const socket = connect(link.address);
      socket.on('error', () => {});
      socket.write('x'.repeat(index * 100));
      if (index % 3 === 0) socket.destroy();
      else if (index % 3 === 1) setTimeout(() => socket.resetAndDestroy(), index % 7);
      else socket.once('data', () => socket.destroy());
    }
    await until(async () => {
      const [counters] = await link.fabric.counters();
      return counters !== undefined && counters.connections.total >= 39 && counters.connections.open === 0;
    }, 'the end of all');
  });
});
