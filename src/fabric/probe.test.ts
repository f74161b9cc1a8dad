import {createServer} from 'node:http';
import {describe, expect, it} from 'vitest';
import {asTestServer, openLink, serve, serveEcho, toxic} from './testing.ts';

describe('probes', () => {
  it('answer, and leave no trace in counters, logs and live figures', async () => {
    await using http = await asTestServer(
      createServer((_, reply) => reply.end('ok')),
      new Set(),
    );
    await using link = await openLink(http.address, {protocol: 'http'});
    const result = await link.fabric.probe(link.name, {count: 20, timeoutMs: 5_000});
    expect(result).toMatchObject({proxy: link.name, answered: 20, failed: 0, failures: {}});
    expect(result.medianMs).toBeGreaterThan(0);
    expect(await link.fabric.requests(0)).toEqual([]);
    expect((await link.fabric.counters())[0]).toMatchObject({
      connections: {total: 0, failed: 0},
      bytes: {upstream: 0, downstream: 0},
      http: {requests: 0},
    });
  });

  it('speak to Postgres in its own words', async () => {
    const got: string[] = [];
    await using upstream = await serve(socket =>
      socket.on('data', bytes => {
        got.push(bytes.toString('hex'));
        socket.write('N');
      }),
    );
    await using link = await openLink(upstream.address);
    expect(await link.fabric.probe(link.name, {count: 2, timeoutMs: 5_000})).toMatchObject({answered: 2});
    expect(got).toEqual(['0000000804d2162f', '0000000804d2162f']);
  });

  it('let a NATS server speak first and hang up on it, so that both directions count', async () => {
    const got: string[] = [];
    await using upstream = await serve(socket => {
      socket.on('data', bytes => got.push(bytes.toString()));
      socket.on('end', () => socket.end());
      socket.write('INFO {}\r\n');
    });
    await using link = await openLink(upstream.address, {protocol: 'nats'});
    for (const stream of ['upstream', 'downstream'] as const) {
      await link.fabric.change({add: [toxic('latency', {id: stream, stream, attributes: {latency: 30}})]});
      const {answered, medianMs} = await link.fabric.probe(link.name, {count: 3, timeoutMs: 5_000});
      expect(answered).toBe(3);
      expect(medianMs).toBeGreaterThanOrEqual(29);
      await link.fabric.change({remove: [stream]});
    }
    expect(got).toEqual([]);
  });

  it('feel toxics like traffic and do not count as touched', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    await link.fabric.change({add: [toxic('latency', {attributes: {latency: 30}})]});
    const slow = await link.fabric.probe(link.name, {count: 5, timeoutMs: 5_000});
    expect(slow.medianMs).toBeGreaterThan(59);
    expect((await link.fabric.toxics())[0]?.touched).toEqual({connections: 0, actions: 0});

    await link.fabric.change({add: [toxic('blackhole')], remove: ['latency-1']});
    expect(await link.fabric.probe(link.name, {count: 3, timeoutMs: 60})).toMatchObject({
      answered: 0,
      failed: 3,
      medianMs: null,
      failures: {timeout: 3},
    });
    await link.fabric.change({add: [toxic('reset_peer')], remove: ['blackhole-1']});
    expect(await link.fabric.probe(link.name, {count: 3, timeoutMs: 5_000})).toMatchObject({failures: {ECONNRESET: 3}});
    await link.fabric.change({add: [toxic('refuse')], remove: ['reset_peer-1']});
    expect(await link.fabric.probe(link.name, {count: 3, timeoutMs: 5_000})).toMatchObject({
      failures: {ECONNREFUSED: 3},
    });
    await link.fabric.change({remove: ['refuse-1']});
    expect(await link.fabric.probe(link.name, {count: 3, timeoutMs: 5_000})).toMatchObject({answered: 3});
  });

  it('share the toxicity with draws of their own', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    await link.fabric.change({add: [toxic('reset_peer', {toxicity: 0.5})]});
    const {answered} = await link.fabric.probe(link.name, {count: 40, timeoutMs: 5_000});
    expect(answered).toBeGreaterThan(8);
    expect(answered).toBeLessThan(32);
  });

  it('carry a load between ends of their own, and leave no trace of it either', async () => {
    const got: string[] = [];
    await using upstream = await serve(socket => socket.on('data', bytes => got.push(bytes.toString())));
    await using link = await openLink(upstream.address, {protocol: 'http'});
    const bytes = 300_000;
    const options = {count: 2, timeoutMs: 5_000, look: {at: 'load' as const, bytes}};
    const free = await link.fabric.probe(link.name, options);
    expect(free).toMatchObject({answered: 2, loads: [{upstream: {bytes}, downstream: {bytes}}, {upstream: {bytes}}]});
    await link.fabric.change({add: [toxic('limit_data', {stream: 'upstream', attributes: {bytes: 1_000}})]});
    const limited = await link.fabric.probe(link.name, {...options, count: 1});
    expect(limited).toMatchObject({answered: 0, failures: {closed: 1}, loads: [{upstream: {bytes: 1_000}}]});
    expect(got).toEqual([]);
    expect(await link.fabric.requests(0)).toEqual([]);
    expect((await link.fabric.counters())[0]).toMatchObject({
      connections: {total: 0, failed: 0},
      bytes: {upstream: 0, downstream: 0},
    });
    expect((await link.fabric.toxics())[0]?.touched).toEqual({connections: 0, actions: 0});
  });

  it('watch whether a connection lives, and time its closing', async () => {
    await using upstream = await serve(socket => {
      socket.on('data', () => socket.write('N'));
      socket.on('end', () => socket.end());
    });
    await using link = await openLink(upstream.address);
    const life = {count: 2, timeoutMs: 5_000, look: {at: 'life' as const, forMs: 150}};
    expect(await link.fabric.probe(link.name, life)).toMatchObject({answered: 2});
    await link.fabric.change({add: [toxic('cutoff', {attributes: {after: 50}})]});
    expect(await link.fabric.probe(link.name, life)).toMatchObject({answered: 0, failures: {cut: 2}});
    const slow = toxic('slow_close', {stream: 'downstream', attributes: {delay: 60}});
    await link.fabric.change({add: [slow], remove: ['cutoff-1']});
    const closing = await link.fabric.probe(link.name, {count: 1, timeoutMs: 5_000, look: {at: 'closing'}});
    expect(closing.medianMs).toBeGreaterThan(59);
  });

  it('of an unknown proxy are refused', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    await expect(link.fabric.probe('a->b', {count: 1, timeoutMs: 1})).rejects.toMatchObject({code: 'UNKNOWN_TARGET'});
  });
});
