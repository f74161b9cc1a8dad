import {once} from 'node:events';
import {type AddressInfo, connect, createServer, type Socket} from 'node:net';
import {setTimeout as sleep} from 'node:timers/promises';
import {describe, expect, it} from 'vitest';
import type {Broker} from './broker.ts';
import {isUnavailable} from './unavailable.ts';

/** A broker server of a test's own. */
export interface LoneBroker extends AsyncDisposable {
  readonly url: string;
  /** Where it listens on 127.0.0.1; part of the URL. */
  readonly port: number;
  open(url: string): Broker;
  /** Takes away everything that brokers keep on it. */
  empty(): Promise<void>;
}

/** What every adapter of the {@link Broker} port does while its server or the link to it is not what it should be. */
export function brokerOutageContract(name: string, start: () => Promise<LoneBroker>): void {
  describe(`${name} in trouble`, () => {
    it('rejects in time while its link swallows everything, and consumes on when the link is back', async () => {
      await using server = await start();
      await using link = await startLink(server.port);
      const near = server.open(server.url);
      const far = server.open(link.through(server.url));
      const got: string[] = [];
      await near.ensureStream('s');
      await far.consume({stream: 's', group: 'g', member: 'm'}, async batch => {
        got.push(...batch.map(({id}) => id));
        return batch.map(() => ({settle: 'ack'}));
      });
      await near.publish('s', [{id: 'before', key: 'k', type: 't', data: 1}]);
      await until(() => got.includes('before'));

      link.swallow();
      await near.publish('s', [{id: 'meanwhile', key: 'k', type: 't', data: 1}]);
      await expect(far.publish('s', [{id: 'lost', key: 'k', type: 't', data: 1}])).rejects.toSatisfy(isUnavailable);
      expect(got).toEqual(['before']);

      link.carry();
      await until(() => got.includes('meanwhile'));
      await far.publish('s', [{id: 'lost', key: 'k', type: 't', data: 1}]);
      await until(() => got.includes('lost'));
      expect(new Set(got).size).toBe(3);
      await Promise.all([near.close(), far.close()]);
    });

    it('is there when the server comes later than its consumers and its streams', async () => {
      await using server = await start();
      await using link = await startLink(server.port);
      link.refuse();
      const broker = server.open(link.through(server.url));
      const got: string[] = [];
      await expect(broker.ensureStream('s')).rejects.toSatisfy(isUnavailable);
      await broker.consume({stream: 's', group: 'g', member: 'm'}, async batch => {
        got.push(...batch.map(({id}) => id));
        return batch.map(() => ({settle: 'ack'}));
      });
      await expect(broker.publish('s', [{id: 'a', key: 'k', type: 't', data: 1}])).rejects.toThrow();
      link.carry();
      await broker.publish('s', [{id: 'a', key: 'k', type: 't', data: 1}]);
      await until(() => got.includes('a'));
      await broker.close();
    });

    it('makes its streams and groups again when the server is emptied', async () => {
      await using server = await start();
      const broker = server.open(server.url);
      const got: string[] = [];
      await broker.ensureStream('s');
      await broker.consume({stream: 's', group: 'g', member: 'm'}, async batch => {
        got.push(...batch.map(({id}) => id));
        return batch.map(() => ({settle: 'ack'}));
      });
      await broker.publish('s', [{id: 'a', key: 'k', type: 't', data: 1}]);
      await until(() => got.length === 1);
      await server.empty();
      await broker.publish('s', [{id: 'b', key: 'k', type: 't', data: 1}]);
      await until(() => got.length === 2);
      await broker.close();
    });
  });
}

/** A proxy in front of a server that can be told to be a bad link. */
async function startLink(port: number) {
  const sockets = new Set<Socket>();
  let mode: 'carry' | 'swallow' | 'refuse' = 'carry';
  const server = createServer(near => {
    const far = connect(port, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('data', data => {
        if (mode === 'carry') other.write(data);
      });
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        if (mode !== 'swallow') other.destroy();
      });
    }
    if (mode === 'refuse') near.destroy();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  return {
    through: (url: string) => url.replace(`:${port}`, `:${address.port}`),
    swallow: () => {
      mode = 'swallow';
    },
    refuse: () => {
      mode = 'refuse';
    },
    carry: () => {
      mode = 'carry';
      // A connection that lost bytes is of no use; through a real link, too, it would be reset some day.
      for (const socket of sockets) socket.destroy();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 30_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Did not come true within 30 s: ${String(condition)}`);
    await sleep(10);
  }
}
