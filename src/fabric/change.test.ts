import {connect, type Socket} from 'node:net';
import {describe, expect, it} from 'vitest';
import {selects} from './active-toxic.ts';
import {createFabric} from './create-fabric.ts';
import type {ToxicKind, ToxicSpec} from './fabric.ts';
import {call, openLink, proxySpec, serveEcho, serveFlood, toxic, until} from './testing.ts';

describe('a batch of changes', () => {
  const wrong: readonly (readonly [string, Partial<ToxicSpec> & {readonly kind?: never}, string, string])[] = [
    ['an unknown attribute', {attributes: {latncy: 5}}, 'UNKNOWN_ATTRIBUTE', 'latncy'],
    ['a value out of range', {attributes: {latency: -1}}, 'BAD_VALUE', 'latency'],
    ['a value of the wrong type', {attributes: {latency: '100ms'}}, 'BAD_VALUE', 'latency'],
    ['a fraction where there are whole ones', {attributes: {latency: 1.5}}, 'BAD_VALUE', 'a whole number'],
    ['NaN', {attributes: {jitter: Number.NaN}}, 'BAD_VALUE', 'jitter'],
    ['an unknown distribution', {attributes: {distribution: 'gauss'}}, 'BAD_VALUE', 'distribution'],
    ['a toxicity above 1', {toxicity: 7}, 'BAD_VALUE', 'toxicity'],
    ['an unknown stream', {stream: 'UPSTREAM' as 'upstream'}, 'BAD_VALUE', 'stream'],
    ['an unknown proxy', {proxies: ['gateway-9->identity-1']}, 'UNKNOWN_TARGET', 'gateway-9'],
  ];

  it.each(wrong)('with %s is refused whole, by name', async (_, overrides, code, named) => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    await link.fabric.change({add: [toxic('blackhole', {id: 'old'})]});
    const change = link.fabric.change({
      add: [toxic('latency', {id: 'good', attributes: {latency: 5}}), toxic('latency', {id: 'bad', ...overrides})],
      remove: ['old'],
    });
    await expect(change).rejects.toMatchObject({code, message: expect.stringContaining(named)});
    expect((await link.fabric.toxics()).map(({id}) => id)).toEqual(['old']);
  });

  it('refuses unknown parts of a match, an id twice, and a removal of what never was', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address, {protocol: 'http'});
    const match = {verb: 'GET'} as {method?: string};
    await expect(link.fabric.change({add: [toxic('drop_reply', {attributes: {match}})]})).rejects.toMatchObject({
      code: 'UNKNOWN_ATTRIBUTE',
    });
    await expect(link.fabric.change({add: [toxic('blackhole'), toxic('blackhole')]})).rejects.toMatchObject({
      code: 'BAD_VALUE',
    });
    await expect(link.fabric.change({remove: ['nothing']})).rejects.toMatchObject({code: 'UNKNOWN_FAULT'});
    await expect(link.fabric.change({add: [toxic('toString' as 'latency')]})).rejects.toMatchObject({
      code: 'UNKNOWN_FAULT',
    });
  });

  it.each<readonly [ToxicKind, ToxicSpec['attributes'], string, string]>([
    ['bandwidth', {rate: -1}, 'BAD_VALUE', 'rate is a whole number between 0 and 10000000 (KB/s), not -1'],
    ['bandwidth', {rat: 1}, 'UNKNOWN_ATTRIBUTE', 'it takes rate'],
    ['timeout', {timeout: 600_001}, 'BAD_VALUE', '(ms)'],
    ['cutoff', {timeout: 1}, 'UNKNOWN_ATTRIBUTE', 'it takes after'],
    ['slow_close', {delay: '1s'}, 'BAD_VALUE', 'delay'],
    ['slow_open', {delay: 0.5}, 'BAD_VALUE', 'a whole number'],
    ['slicer', {average_size: 0}, 'BAD_VALUE', 'between 1 and 16777216 (B)'],
    ['slicer', {average_size: 10, size_variation: 10}, 'BAD_VALUE', 'size_variation is less than average_size'],
    ['slicer', {delay: -1}, 'BAD_VALUE', '(us)'],
    ['limit_data', {bytes: -1}, 'BAD_VALUE', '(B)'],
    ['reply_status', {when: 'during'}, 'BAD_VALUE', 'one of before, after'],
    ['noop', {latency: 1}, 'UNKNOWN_ATTRIBUTE', 'it takes none'],
  ])('refuses %s with %j by name', async (kind, attributes, code, text) => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address, {protocol: 'http'});
    await expect(link.fabric.change({add: [toxic(kind, {attributes})]})).rejects.toMatchObject({
      code,
      message: expect.stringContaining(text),
    });
  });

  it('cuts all links of a partition in one step', async () => {
    await using upstream = await serveEcho();
    const fabric = createFabric();
    const specs = [1, 2, 3, 4].map(number => proxySpec(upstream.address, {from: `gateway-${number}`}));
    const opened = await fabric.open(specs);
    const clients = opened.map(({address}) => call(address));
    const proxies = specs.map(({name}) => name);
    for (let round = 0; round < 20; round++) {
      for (const client of clients) client.socket.write('x');
      const changed = fabric.change({add: [toxic('blackhole', {id: `cut-${round}`, proxies})]});
      const states = await fabric.counters();
      expect(new Set(states.map(({toxics}) => toxics.length))).toEqual(new Set([1]));
      await changed;
      await fabric.change({remove: [`cut-${round}`]});
    }
    await until(() => clients.every(client => client.received().length === 20));
    for (const client of clients) client.socket.destroy();
    await fabric.stop();
  });

  it('fills in defaults and says what is in force', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    await link.fabric.change({add: [toxic('latency', {attributes: {latency: 5}})]});
    expect(await link.fabric.toxics()).toMatchObject([
      {
        id: 'latency-1',
        attributes: {latency: 5, jitter: 0, distribution: 'uniform'},
        touched: {connections: 0, actions: 0},
      },
    ]);
    expect((await link.fabric.counters())[0]?.toxics).toEqual([{id: 'latency-1', kind: 'latency'}]);
  });

  it('also holds for a proxy that is opened again', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    await link.fabric.change({add: [toxic('refuse')]});
    await link.fabric.close([link.name]);
    await link.fabric.open([proxySpec(upstream.address)]);
    expect((await link.fabric.counters())[0]).toMatchObject({listening: false});
  });

  const kinds: readonly (readonly [ToxicKind, ToxicSpec['attributes']])[] = [
    ['latency', {latency: 20}],
    ['bandwidth', {rate: 1_000}],
    ['bandwidth', {rate: 0}],
    ['timeout', {timeout: 600_000}],
    ['blackhole', {}],
    ['cutoff', {after: 600_000}],
    ['reset_peer', {timeout: 600_000}],
    ['slow_close', {delay: 600_000}],
    ['slow_open', {delay: 600_000}],
    ['slicer', {average_size: 1}],
    ['slicer', {average_size: 100, delay: 1_000}],
    ['limit_data', {bytes: 1_000_000}],
    ['refuse', {}],
    ['drop_reply', {}],
    ['reply_status', {}],
    ['noop', {}],
  ];

  it.each(kinds)(
    'of %s %j is answered at once under full traffic and with readers that do not read',
    async (kind, attributes) => {
      await using upstream = await serveFlood();
      await using link = await openLink(upstream.address, {protocol: 'http'});
      const sockets = new Set<Socket>();
      const open = (reads: boolean): void => {
        const socket = connect(link.address).on('error', () => {});
        sockets.add(socket);
        if (reads) socket.resume();
        else socket.pause();
        // Those that the toxic ended come again.
        socket.on('close', () => {
          if (sockets.delete(socket)) setTimeout(() => open(reads), 5);
        });
      };
      for (let index = 0; index < 20; index++) open(index % 2 === 0);
      await until(async () => ((await link.fabric.counters())[0]?.bytes.downstream ?? 0) > 20_000_000);
      const times: number[] = [];
      for (let round = 0; round < 5; round++) {
        for (const batch of [{add: [toxic(kind, {attributes})]}, {remove: [`${kind}-1`]}]) {
          const startedAt = performance.now();
          await link.fabric.change(batch);
          times.push(performance.now() - startedAt);
          await new Promise(resolve => setTimeout(resolve, 20));
        }
      }
      // 50 ms is what is promised; a bound against hanging is what a busy machine can be held to.
      expect(Math.max(...times)).toBeLessThan(2_000);
      for (const socket of sockets) {
        sockets.delete(socket);
        socket.destroy();
      }
    },
  );
});

describe('toxicity', () => {
  it('is a share of connections, drawn from the seed', () => {
    const share = (toxicity: number, seed: number): number => {
      const drawn = Array.from({length: 2_000}, (_, number) => selects({seed, toxicity}, 'a->b', `${number}`));
      return drawn.filter(Boolean).length / drawn.length;
    };
    for (const seed of [1, 2, 3]) {
      expect(Math.abs(share(0.3, seed) - 0.3)).toBeLessThan(0.04);
      expect(share(0, seed)).toBe(0);
      expect(share(1, seed)).toBe(1);
    }
  });

  it('is decided once for each connection, whatever else comes and goes', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    await link.fabric.change({add: [toxic('blackhole', {toxicity: 0.5, seed: 11})]});
    const clients = Array.from({length: 40}, () => call(link.address));
    await until(async () => (await link.fabric.counters())[0]?.connections.open === 40);
    const touched = (await link.fabric.toxics())[0]?.touched.connections ?? 0;
    for (const client of clients) client.socket.write('x');
    const passed = (): string => clients.map(client => (client.received().length > 0 ? '.' : 'x')).join('');
    await until(() => passed().replaceAll('x', '').length === 40 - touched);
    const first = passed();
    for (let round = 0; round < 10; round++) {
      await link.fabric.change({
        add: [toxic('latency', {id: `other-${round}`, toxicity: 0.5, seed: round, attributes: {latency: 1}})],
      });
      if (round > 2) await link.fabric.change({remove: [`other-${round - 3}`]});
      for (const client of clients) client.socket.write('x');
    }
    const expected = 11;
    await until(() => clients.every((client, index) => first[index] === 'x' || client.received().length === expected));
    expect(passed()).toBe(first);
    expect((await link.fabric.toxics())[0]?.touched.connections).toBe(touched);
    expect(touched).toBeGreaterThan(8);
    expect(touched).toBeLessThan(32);
    for (const client of clients) client.socket.destroy();
  });
});
