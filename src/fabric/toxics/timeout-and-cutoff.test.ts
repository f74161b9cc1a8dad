import {once} from 'node:events';
import {connect} from 'node:net';
import {describe, expect, it} from 'vitest';
import {call, openLink, serve, serveEcho, serveFlood, timed, toxic, until} from '../testing.ts';

describe('timeout', () => {
  it('loses all data and closes a connection in time, busy or idle', async () => {
    const got: Buffer[] = [];
    await using upstream = await serve(socket => {
      socket.on('data', bytes => got.push(bytes));
      socket.on('end', () => socket.end());
    });
    await using link = await openLink(upstream.address);
    using idle = call(link.address);
    using busy = call(link.address);
    await until(() => upstream.sockets.size === 2);
    await link.fabric.change({add: [toxic('timeout', {attributes: {timeout: 80}})]});
    using fresh = call(link.address);
    const writing = setInterval(() => busy.socket.write('x'), 5);
    const ms = await timed(() => [idle, busy, fresh].every(client => client.ended() !== undefined));
    clearInterval(writing);
    expect(ms).toBeGreaterThan(75);
    expect(idle.ended()).toBe('end');
    expect(Buffer.concat(got).length).toBe(0);
    await until(() => upstream.sockets.size === 0, 'the closing at the upstream');
  });

  it('of 0 closes when it goes, because data was lost', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    using client = call(link.address);
    client.socket.write('before');
    await until(() => client.received().toString() === 'before');
    await link.fabric.change({add: [toxic('timeout', {stream: 'downstream'})]});
    client.socket.write('lost');
    await until(async () => (await link.fabric.toxics())[0]?.touched.actions === 1);
    expect(client.ended()).toBeUndefined();
    await link.fabric.change({remove: ['timeout-1']});
    await until(() => client.ended() === 'end');
    expect(client.received().toString()).toBe('before');
    using healed = call(link.address);
    healed.socket.write('after');
    await until(() => healed.received().toString() === 'after');
  });

  it('goes at once in the middle of its wait', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    using client = call(link.address);
    await until(() => upstream.sockets.size === 1);
    await link.fabric.change({add: [toxic('timeout', {attributes: {timeout: 600_000}})]});
    const removing = link.fabric.change({remove: ['timeout-1']});
    expect(await timed(() => client.ended() === 'end')).toBeLessThan(5_000);
    await removing;
  });
});

describe('cutoff', () => {
  it('lets data flow and cuts the connection under traffic, idle ones and readers that do not read', async () => {
    await using upstream = await serveFlood();
    await using link = await openLink(upstream.address);
    const blocked = connect(link.address).pause();
    await once(blocked, 'connect');
    using busy = call(link.address);
    await until(() => busy.received().length > 1_000_000);
    await link.fabric.change({add: [toxic('cutoff', {attributes: {after: 100}})]});
    const before = busy.received().length;
    const ms = await timed(async () => (await link.fabric.counters())[0]?.connections.open === 0);
    expect(ms).toBeGreaterThan(95);
    await until(() => busy.ended() !== undefined);
    expect(busy.received().length).toBeGreaterThan(before);
    await until(() => upstream.sockets.size === 0);
    expect((await link.fabric.toxics())[0]?.touched).toEqual({connections: 2, actions: 2});
    blocked.destroy();
  });

  it('counts new connections from their own beginning, and spares those that live when it goes', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    await link.fabric.change({add: [toxic('cutoff', {attributes: {after: 60}})]});
    using client = call(link.address);
    await once(client.socket, 'connect');
    client.socket.write('flows');
    await until(() => client.received().toString() === 'flows');
    await until(() => client.ended() === 'end', 'the cut of an idle one');
    using spared = call(link.address);
    await once(spared.socket, 'connect');
    await link.fabric.change({remove: ['cutoff-1']});
    await new Promise(resolve => setTimeout(resolve, 90));
    spared.socket.write('alive');
    await until(() => spared.received().toString() === 'alive');
  });

  it.each(['cutoff', 'timeout', 'limit_data', 'slow_close', 'slow_open', 'slicer', 'bandwidth', 'noop'] as const)(
    '%s of toxicity 0 does nothing',
    async kind => {
      await using upstream = await serveEcho();
      await using link = await openLink(upstream.address);
      using client = call(link.address);
      await link.fabric.change({add: [toxic(kind, {toxicity: 0})]});
      client.socket.end('all of it');
      await until(() => client.ended() === 'end');
      expect(client.received().toString()).toBe('all of it');
      expect((await link.fabric.toxics())[0]?.touched).toEqual({connections: 0, actions: 0});
      await link.fabric.change({remove: [`${kind}-1`]});
    },
  );
});
