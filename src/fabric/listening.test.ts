import {once} from 'node:events';
import {describe, expect, it} from 'vitest';
import {createFabric} from './create-fabric.ts';
import {candidatePorts, rangesOutside} from './ports.ts';
import {call, openLink, proxySpec, serveEcho, toxic, until} from './testing.ts';

describe('ports of links', () => {
  it('lie outside the range of outgoing connections', () => {
    expect(rangesOutside({low: 32768, high: 60999})).toEqual([{low: 20000, high: 29999}]);
    expect(rangesOutside({low: 20000, high: 25000})).toEqual([{low: 25001, high: 29999}]);
    expect(rangesOutside({low: 22000, high: 25000})).toEqual([
      {low: 20000, high: 21999},
      {low: 25001, high: 29999},
    ]);
    expect(rangesOutside({low: 1024, high: 65535})).toEqual([{low: 20000, high: 29999}]);
    expect(rangesOutside({low: 15000, high: 40000})).toEqual([
      {low: 10000, high: 14999},
      {low: 40001, high: 65535},
    ]);
    expect(rangesOutside(undefined)).toEqual([{low: 20000, high: 29999}]);
  });

  it('are tried once each', async () => {
    const ports: number[] = [];
    for await (const port of candidatePorts(async () => ({low: 20003, high: 29998}))) ports.push(port);
    expect(ports.sort()).toEqual([20000, 20001, 20002, 29999]);
  });

  it('are the asked ones, or the error says that one is taken', async () => {
    await using upstream = await serveEcho();
    const fabric = createFabric();
    const taken = fabric.open([proxySpec(upstream.address, {port: upstream.address.port})]);
    await expect(taken).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringContaining(`${upstream.address.port}`),
    });
    expect(await fabric.counters()).toEqual([]);
    await fabric.stop();
  });

  it('are the preferred ones or the next free ones', async () => {
    await using upstream = await serveEcho();
    const preferredPort = upstream.address.port;
    const fabric = createFabric();
    const opened = await fabric.open([
      proxySpec(upstream.address, {preferredPort}),
      proxySpec(upstream.address, {from: 'gateway-2', preferredPort}),
    ]);
    const ports = opened.map(({address}) => address.port);
    expect(new Set(ports).size).toBe(2);
    for (const port of ports) {
      expect(port).toBeGreaterThan(preferredPort);
      expect(port).toBeLessThanOrEqual(preferredPort + 100);
    }
    await fabric.stop();
  });

  it('opens all proxies of a batch or none', async () => {
    await using upstream = await serveEcho();
    const fabric = createFabric();
    const good = proxySpec(upstream.address, {from: 'gateway-2'});
    await expect(fabric.open([good, proxySpec(upstream.address, {port: upstream.address.port})])).rejects.toThrow();
    expect(await fabric.counters()).toEqual([]);
    await fabric.open([good]);
    await expect(fabric.open([good])).rejects.toMatchObject({code: 'BAD_VALUE'});
    await fabric.stop();
  });
});

describe('a node that is down', () => {
  it('refuses its callers and resets those that are there; up again it has its port back', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    using before = call(link.address);
    before.socket.write('a');
    await until(() => before.received().length === 1);

    await link.fabric.setNodeUp('identity-1', false);
    await until(() => before.ended() === 'ECONNRESET', 'the reset');
    using refused = call(link.address);
    await until(() => refused.ended() === 'ECONNREFUSED', 'the refusal');
    expect((await link.fabric.counters())[0]).toMatchObject({listening: false, connections: {open: 0}});

    await link.fabric.setNodeUp('identity-1', true);
    using after = call(link.address);
    after.socket.write('b');
    await until(() => after.received().toString() === 'b');
  });

  it('keeps a port that others look for too, and resets its callers', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address, {preferredPort: upstream.address.port});
    await link.fabric.setNodeUp('identity-1', false);
    using reset = call(link.address);
    await until(() => reset.ended() === 'ECONNRESET', 'the reset');
    const other = createFabric();
    await expect(other.open([proxySpec(upstream.address, {port: link.address.port})])).rejects.toMatchObject({
      code: 'PORT_TAKEN',
    });
    await link.fabric.setNodeUp('identity-1', true);
    using after = call(link.address);
    after.socket.write('a');
    await until(() => after.received().toString() === 'a');
  });

  it('is silent behind a partition until that heals', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    using before = call(link.address);
    before.socket.write('a');
    await until(() => before.received().length === 1);
    await link.fabric.change({add: [toxic('blackhole')]});
    await link.fabric.setNodeUp('identity-1', false);
    using during = call(link.address);
    await once(during.socket, 'connect');
    expect([before.ended(), during.ended()]).toEqual([undefined, undefined]);
    await link.fabric.change({remove: ['blackhole-1']});
    await until(() => before.ended() === 'ECONNRESET' && during.ended() === 'ECONNRESET', 'the resets');
    using after = call(link.address);
    await until(() => after.ended() === 'ECONNREFUSED', 'the refusal');
  });
});

describe('closing', () => {
  it('resets the connections of a proxy and frees its port', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    using client = call(link.address);
    client.socket.write('a');
    await until(() => client.received().length === 1);
    await link.fabric.close([link.name]);
    await until(() => client.ended() === 'ECONNRESET', 'the reset');
    await expect(link.fabric.close([link.name])).rejects.toMatchObject({code: 'UNKNOWN_TARGET'});
    await link.fabric.open([proxySpec(upstream.address, {port: link.address.port})]);
  });
});
