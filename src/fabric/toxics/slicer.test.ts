import {randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {describe, expect, it} from 'vitest';
import {call, openLink, serve, serveEcho, timed, toxic, until, watchLag} from '../testing.ts';

describe('slicer', () => {
  it('writes slices of the size that it says, so far apart', async () => {
    const sent = randomBytes(1_000);
    const slices = await receiveSliced(sent, {average_size: 50, size_variation: 10, delay: 10_000});
    expect(Buffer.concat(slices.pieces).equals(sent)).toBe(true);
    // A reader that is late finds several at once: never fewer bytes than a slice has, but for the last.
    for (const piece of slices.pieces.slice(0, -1)) expect(piece.length).toBeGreaterThanOrEqual(40);
    expect(slices.pieces.length).toBeGreaterThan(2);
    expect(slices.ms).toBeGreaterThan(15 * 10 - 1);
    expect(slices.ms).toBeLessThan(1.05 * 25 * 10 + 20 + 2 * slices.lagMs);
  });

  it('draws the sizes from the seed, between average and variation', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address, {protocol: 'postgres'});
    using client = call(link.address);
    const attributes = {average_size: 100, size_variation: 60, delay: 20_000};
    await link.fabric.change({add: [toxic('slicer', {stream: 'downstream', attributes})]});
    const sizes: number[] = [];
    client.socket.on('data', bytes => sizes.push(bytes.length));
    client.socket.write(Buffer.alloc(800));
    await until(() => client.received().length === 800);
    expect(Math.max(...sizes.slice(0, -1))).toBeGreaterThan(Math.min(...sizes.slice(0, -1)));
    expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThanOrEqual(40);
  });

  it('keeps delays below a millisecond over many slices', async () => {
    const slices = await receiveSliced(randomBytes(4_000), {average_size: 4, delay: 250});
    expect(slices.ms).toBeGreaterThan(999 * 0.25 - 1);
    expect(slices.ms).toBeLessThan(1.05 * 250 + 20 + 2 * slices.lagMs);
  });

  it('lets go of what is left at once, and never keeps others from their turn', async () => {
    const sent = randomBytes(2_000_000);
    await using upstream = await serve(socket => socket.end(sent));
    await using link = await openLink(upstream.address);
    await link.fabric.change({add: [toxic('slicer', {attributes: {average_size: 1}})]});
    using client = call(link.address);
    await until(() => client.received().length > 1_000);
    await link.fabric.change({remove: ['slicer-1']});
    expect(await timed(() => client.ended() === 'end')).toBeLessThan(5_000);
    expect(client.received().equals(sent)).toBe(true);
  });

  it('waits for a reader that does not read', async () => {
    await using upstream = await serve(socket => socket.end(Buffer.alloc(200_000, 'x')));
    await using link = await openLink(upstream.address);
    await link.fabric.change({add: [toxic('slicer', {stream: 'downstream', attributes: {average_size: 100}})]});
    using client = call(link.address);
    client.socket.pause();
    await once(client.socket, 'connect');
    await new Promise(resolve => setTimeout(resolve, 50));
    client.socket.resume();
    await until(() => client.ended() === 'end');
    expect(client.received().length).toBe(200_000);
  });
});

async function receiveSliced(sent: Buffer, attributes: Record<string, number>) {
  await using upstream = await serve(socket => socket.once('data', () => socket.write(sent)));
  await using link = await openLink(upstream.address);
  using client = call(link.address);
  await link.fabric.change({add: [toxic('slicer', {stream: 'downstream', attributes})]});
  const pieces: Buffer[] = [];
  client.socket.on('data', bytes => pieces.push(bytes));
  using lag = watchLag();
  client.socket.write('go');
  const ms = await timed(() => client.received().length === sent.length);
  return {pieces, ms, lagMs: lag.longestMs()};
}
