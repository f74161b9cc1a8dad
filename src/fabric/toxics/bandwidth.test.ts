import {randomBytes} from 'node:crypto';
import {describe, expect, it} from 'vitest';
import type {Address} from '../../topology/address.ts';
import {call, openLink, serve, serveEcho, timed, toxic, until, watchLag} from '../testing.ts';

describe('bandwidth', () => {
  it('passes within 5 % of its rate over a second, evenly, and never more', async () => {
    const rate = 2_000;
    const sent = randomBytes(rate * 1000);
    await using upstream = await serve(socket => socket.end(sent));
    await using link = await openLink(upstream.address);
    const control = await receive(link.address);
    await link.fabric.change({add: [toxic('bandwidth', {stream: 'downstream', attributes: {rate}})]});
    using lag = watchLag();
    const limited = await receive(link.address);
    expect(limited.bytes.equals(sent)).toBe(true);
    // A receiver may see it late when this process is busy, as it does without the toxic.
    const lateMs = control.totalMs + lag.longestMs();
    expect(limited.totalMs).toBeGreaterThan(999);
    expect(limited.totalMs).toBeLessThan(1_050 + lateMs);
    expect(limited.longestGapMs).toBeLessThan(20 + lateMs);
    for (const {ms, total} of limited.arrivals) expect(total).toBeLessThanOrEqual(rate * (ms + 1));
  });

  it('is a limit of each direction and each connection by itself', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    await link.fabric.change({add: [toxic('bandwidth', {attributes: {rate: 100}})]});
    using lag = watchLag();
    const clients = [1, 2, 3].map(() => call(link.address));
    const ms = await timed(() => {
      for (const client of clients) if (client.socket.bytesWritten === 0) client.socket.write(Buffer.alloc(10_000));
      return clients.every(client => client.received().length === 10_000);
    });
    // There in 100 ms, and back in step with it: 4 ms behind, or as long as the last piece takes.
    expect(ms).toBeGreaterThan(99);
    expect(ms).toBeLessThan(200 + 20 * lag.longestMs());
    for (const client of clients) client.socket.destroy();
  });

  it('takes the time that a slow line takes, also for little', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    using client = call(link.address);
    await link.fabric.change({add: [toxic('bandwidth', {stream: 'upstream', attributes: {rate: 1}})]});
    client.socket.write(Buffer.alloc(100));
    expect(await timed(() => client.received().length === 100)).toBeGreaterThan(98);
  });

  it('of 0 passes nothing, and what it held is delivered when it goes', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    using client = call(link.address);
    await link.fabric.change({add: [toxic('bandwidth', {attributes: {rate: 0}})]});
    client.socket.write('held');
    await until(async () => (await link.fabric.toxics())[0]?.touched.actions === 1);
    expect(client.received().length).toBe(0);
    await link.fabric.change({remove: ['bandwidth-1']});
    await until(() => client.received().toString() === 'held');
  });

  it('lets go of a minute of bytes at once when it goes', async () => {
    const sent = randomBytes(60_000);
    await using upstream = await serve(socket => socket.end(sent));
    await using link = await openLink(upstream.address);
    await link.fabric.change({add: [toxic('bandwidth', {attributes: {rate: 1}})]});
    using client = call(link.address);
    await until(() => client.received().length > 0);
    await link.fabric.change({remove: ['bandwidth-1']});
    expect(await timed(() => client.ended() === 'end')).toBeLessThan(5_000);
    expect(client.received().equals(sent)).toBe(true);
  });

  it('holds a sender up that is faster', async () => {
    await using upstream = await serve(socket => socket.write(Buffer.alloc(64 * 1024 * 1024)));
    await using link = await openLink(upstream.address);
    await link.fabric.change({add: [toxic('bandwidth', {attributes: {rate: 100}})]});
    using client = call(link.address);
    await until(() => client.received().length > 50_000);
    const [socket] = upstream.sockets;
    expect(socket?.writableLength).toBeGreaterThan(40 * 1024 * 1024);
  });
});

interface Received {
  readonly bytes: Buffer;
  readonly totalMs: number;
  readonly longestGapMs: number;
  readonly arrivals: readonly {readonly ms: number; readonly total: number}[];
}

/** Connects, and notes when what arrives until the end. */
async function receive(address: Address): Promise<Received> {
  const startedAt = performance.now();
  using client = call(address);
  const arrivals: {ms: number; total: number}[] = [];
  let total = 0;
  client.socket.on('data', bytes => {
    total += bytes.length;
    arrivals.push({ms: performance.now() - startedAt, total});
  });
  await until(() => client.ended() === 'end');
  const gaps = arrivals.map(({ms}, index) => ms - (arrivals[index - 1]?.ms ?? ms));
  return {
    bytes: client.received(),
    totalMs: arrivals.at(-1)?.ms ?? 0,
    longestGapMs: Math.max(...gaps),
    arrivals,
  };
}
