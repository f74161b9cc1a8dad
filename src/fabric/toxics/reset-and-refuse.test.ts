import {describe, expect, it} from 'vitest';
import {call, openLink, serve, serveEcho, toxic, until} from '../testing.ts';

describe('reset_peer', () => {
  it('resets idle and new connections at both ends', async () => {
    const errors: string[] = [];
    await using upstream = await serve(socket => {
      socket.resume();
      socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? ''));
    });
    await using link = await openLink(upstream.address);
    using idle = call(link.address);
    await until(() => upstream.sockets.size === 1);
    await link.fabric.change({add: [toxic('reset_peer')]});
    await until(() => idle.ended() === 'ECONNRESET' && errors.length === 1, 'the reset at both ends');
    expect(errors).toEqual(['ECONNRESET']);
    using fresh = call(link.address);
    await until(() => fresh.ended() === 'ECONNRESET', 'the reset of a new one');
    expect((await link.fabric.toxics())[0]?.touched).toEqual({connections: 2, actions: 2});
    await link.fabric.change({remove: ['reset_peer-1']});
    using healed = call(link.address);
    await until(() => upstream.sockets.size === 1);
    expect(healed.ended()).toBeUndefined();
  });

  it('waits for its timeout, and going it spares those that still live', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    using client = call(link.address);
    await link.fabric.change({add: [toxic('reset_peer', {attributes: {timeout: 60}})]});
    const startedAt = performance.now();
    await until(() => client.ended() === 'ECONNRESET');
    expect(performance.now() - startedAt).toBeGreaterThan(55);
    using spared = call(link.address);
    spared.socket.write('x');
    await until(() => spared.received().length === 1);
    const removedAt = performance.now();
    await link.fabric.change({remove: ['reset_peer-1']});
    expect(performance.now() - removedAt).toBeLessThan(1_000);
    await new Promise(resolve => setTimeout(resolve, 80));
    spared.socket.write('y');
    await until(() => spared.received().toString() === 'xy');
  });
});

describe('refuse', () => {
  it('refuses new connections, resets old ones, and heals on the same port, again and again', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    for (let round = 0; round < 10; round++) {
      using client = call(link.address);
      client.socket.write('x');
      await until(() => client.received().length === 1);
      await link.fabric.change({add: [toxic('refuse')]});
      using refused = call(link.address);
      await until(() => refused.ended() === 'ECONNREFUSED', 'the refusal');
      await until(() => client.ended() === 'ECONNRESET', 'the reset');
      expect((await link.fabric.counters())[0]?.listening).toBe(false);
      await link.fabric.change({remove: ['refuse-1']});
      expect((await link.fabric.counters())[0]?.listening).toBe(true);
    }
  });

  it('takes no toxicity', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    await expect(link.fabric.change({add: [toxic('refuse', {toxicity: 0.5})]})).rejects.toMatchObject({
      code: 'BAD_VALUE',
    });
  });

  it('says so when another process took the port, and goes on trying', async () => {
    await using upstream = await serveEcho();
    await using link = await openLink(upstream.address);
    await link.fabric.change({add: [toxic('refuse')]});
    const thief = await serve(socket => socket.end(), link.address.port);
    await expect(link.fabric.change({remove: ['refuse-1']})).rejects.toMatchObject({code: 'PORT_TAKEN'});
    await thief[Symbol.asyncDispose]();
    await until(async () => (await link.fabric.counters())[0]?.listening === true, 'the listener');
  });
});
