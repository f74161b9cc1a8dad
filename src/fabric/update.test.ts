import {describe, expect, it} from 'vitest';
import type {ToxicSpec} from './fabric.ts';
import {call, openLink, proxySpec, serveEcho, toxic, until} from './testing.ts';

const slow = (latency: number, overrides: Partial<ToxicSpec> = {}): ToxicSpec =>
  toxic('latency', {id: 'slow', attributes: {latency}, ...overrides});

describe('a toxic that is changed in place', () => {
  it('has its new attributes at once, on connections that are there too', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    using client = call(link.address);
    await link.fabric.change({add: [slow(600_000)]});
    client.socket.write('held ');
    await until(async () => (await link.fabric.toxics())[0]?.touched.actions === 1);
    await link.fabric.change({add: [slow(1)], remove: ['slow']});
    client.socket.write('and more');
    await until(() => client.received().toString() === 'held and more');
    expect(await link.fabric.toxics()).toMatchObject([
      {id: 'slow', attributes: {latency: 1}, touched: {connections: 1}},
    ]);
  });

  it('keeps its place in the stack', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    const wall = toxic('blackhole', {id: 'wall', stream: 'upstream'});
    await link.fabric.change({add: [slow(1, {stream: 'upstream'})]});
    await link.fabric.change({add: [wall]});
    using client = call(link.address);
    await until(async () => (await link.fabric.counters())[0]?.connections.open === 1);
    await link.fabric.change({add: [slow(2, {stream: 'upstream'})], remove: ['slow']});
    expect((await link.fabric.counters())[0]?.toxics.map(({id}) => id)).toEqual(['slow', 'wall']);
    expect((await link.fabric.connections(link.name)).map(({toxics}) => toxics)).toEqual([['slow', 'wall']]);
    client.socket.write('x');
    // Behind the wall it would never come to act.
    await until(async () => (await link.fabric.toxics()).every(({touched}) => touched.actions === 1));
  });

  it('leaves connections alone for which nothing changes, and never draws again', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    const wall = (toxicity: number): ToxicSpec => toxic('blackhole', {id: 'wall', toxicity, seed: 5});
    await link.fabric.change({add: [wall(0.4)]});
    const clients = Array.from({length: 30}, () => call(link.address));
    await until(async () => (await link.fabric.connections(link.name)).length === 30);
    const affected = async (): Promise<readonly string[]> =>
      (await link.fabric.connections(link.name)).filter(({toxics}) => toxics.length > 0).map(({id}) => id);
    const first = await affected();
    expect(first.length).toBeGreaterThan(3);
    for (const client of clients) client.socket.write('x');
    await link.fabric.change({add: [wall(0.8)], remove: ['wall']});
    const more = await affected();
    expect(more).toEqual(expect.arrayContaining([...first]));
    expect(more.length).toBeGreaterThan(first.length);
    await link.fabric.change({add: [wall(0.4)], remove: ['wall']});
    expect(await affected()).toEqual(first);
    // What was held all the time has not been let go by the changes.
    await until(() => clients.filter(client => client.received().length === 1).length === 30 - first.length);
    await link.fabric.change({remove: ['wall']});
    await until(() => clients.every(client => client.received().length === 1));
    for (const client of clients) client.socket.destroy();
  });

  it('ends at its new end, and cannot be changed once it has gone', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    await link.fabric.change({add: [slow(1, {endsAt: Date.now() + 600_000})]});
    await link.fabric.change({add: [slow(1, {endsAt: Date.now() + 30})], remove: ['slow']});
    await until(async () => (await link.fabric.toxics()).length === 0);
    await expect(link.fabric.change({add: [slow(2)], remove: ['slow']})).rejects.toMatchObject({code: 'UNKNOWN_FAULT'});
    await link.fabric.change({remove: ['slow']});
  });
});

describe('proxies in a batch', () => {
  const own = (overrides = {}) => ({name: 'own', link: 'own', from: 'somebody', to: 'something', ...overrides});

  it('are opened with their toxics, or nothing is done', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    const open = [proxySpec(upstream.address, own({protocol: 'tcp'}))];
    const wrong = link.fabric.change({open, add: [slow(-1, {proxies: ['own']})]});
    await expect(wrong).rejects.toMatchObject({code: 'BAD_VALUE'});
    const taken = link.fabric.change({
      open: [...open, proxySpec(upstream.address, own({name: 'other', port: upstream.address.port}))],
      add: [slow(5, {proxies: ['own']})],
    });
    await expect(taken).rejects.toMatchObject({code: 'PORT_TAKEN'});
    expect((await link.fabric.counters()).map(({name}) => name)).toEqual([link.name]);
    expect(await link.fabric.toxics()).toEqual([]);
    await link.fabric.change({open, add: [toxic('refuse', {proxies: ['own']})]});
    expect((await link.fabric.counters()).map(({name, listening}) => [name, listening])).toEqual([
      [link.name, true],
      ['own', false],
    ]);
  });

  it('are led elsewhere: their connections are closed, and their port stays', async () => {
    await using first = await serveEcho();
    await using second = await serveEcho();
    await using link = await openLink(first.address);
    const spec = proxySpec(first.address, own());
    await link.fabric.change({open: [spec]});
    const address = async () => (await link.fabric.counters()).find(({name}) => name === 'own')?.address;
    const before = await address();
    if (before === undefined) throw new Error('it was not opened');
    using client = call(before);
    client.socket.write('x');
    await until(() => client.received().length === 1);
    await link.fabric.change({open: [spec]});
    client.socket.write('y');
    await until(() => client.received().length === 2);
    await link.fabric.change({open: [{...spec, upstream: second.address}]});
    await until(() => client.ended() !== undefined);
    expect(client.ended()).toBe('end');
    expect(await address()).toEqual(before);
    using again = call(before);
    again.socket.write('z');
    await until(() => again.received().length === 1);
    expect(second.sockets.size).toBe(1);
    await link.fabric.change({close: ['own']});
    expect(await address()).toBeUndefined();
  });

  it('cannot take the port of another one, open or closed', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    await link.fabric.change({add: [toxic('refuse')]});
    const {port} = link.address;
    await expect(link.fabric.change({open: [proxySpec(upstream.address, own({port}))]})).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringContaining(link.name),
    });
  });
});

describe('the connections of a proxy', () => {
  it('are listed with their bytes, probes left out', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    using client = call(link.address);
    client.socket.write('hello');
    await until(() => client.received().length === 5);
    await link.fabric.probe(link.name, {count: 1, timeoutMs: 5_000});
    expect(await link.fabric.connections(link.name)).toEqual([
      {
        id: '1',
        since: expect.any(Number),
        client: {host: '127.0.0.1', port: client.socket.localPort},
        bytes: {upstream: 5, downstream: 5},
        toxics: [],
      },
    ]);
    expect((await link.fabric.counters())[0]?.received).toEqual({upstream: 5, downstream: 5});
  });
});

describe('a timeout that is changed', () => {
  it('closes nothing by that, and everything when it goes', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    const timeout = (ms: number): ToxicSpec => toxic('timeout', {id: 'lost', attributes: {timeout: ms}});
    await link.fabric.change({add: [timeout(600_000)]});
    using client = call(link.address);
    client.socket.write('lost');
    await until(async () => (await link.fabric.toxics())[0]?.touched.actions === 1);
    await link.fabric.change({add: [timeout(0)], remove: ['lost']});
    client.socket.write('lost too');
    await until(async () => (await link.fabric.toxics())[0]?.touched.actions === 2);
    expect([client.ended(), client.received().length]).toEqual([undefined, 0]);
    await link.fabric.change({remove: ['lost']});
    await until(() => client.ended() !== undefined);
    expect(client.received().length).toBe(0);
  });
});
