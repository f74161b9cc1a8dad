import {once} from 'node:events';
import {Agent, createServer, request} from 'node:http';
import type {AddressInfo, Socket} from 'node:net';
import {describe, expect, it} from 'vitest';
import type {Address} from '../../topology/address.ts';
import {call, openLink, serve, toxic, until} from '../testing.ts';

describe('the request log of an HTTP link', () => {
  it('has every request with its status, and live figures', async () => {
    await using upstream = await serveHttp();
    await using link = await openLink(upstream.address, {protocol: 'http'});
    const before = Date.now() - 5;
    await fetchText(link.address, {
      method: 'POST',
      path: '/v1/accounts?x=1',
      body: 'abc',
      headers: {'idempotency-key': 'k1', traceparent: '00-1-2-01'},
    });
    await fetchText(link.address, {method: 'GET', path: '/missing'});
    await fetchText(link.address, {method: 'HEAD', path: '/head'});
    await fetchText(link.address, {method: 'GET', path: '/fail'});
    const requests = await link.fabric.requests(before);
    expect(requests.map(({method, path, status}) => `${method} ${path} ${status}`)).toEqual([
      'POST /v1/accounts 200',
      'GET /missing 404',
      'HEAD /head 200',
      'GET /fail 503',
    ]);
    expect(requests[0]).toMatchObject({
      proxy: link.name,
      link: 'gateway->identity',
      idempotencyKey: 'k1',
      traceparent: '00-1-2-01',
    });
    expect(requests.every(({at, durationMs}) => at >= before && at <= Date.now() + 5 && durationMs >= 0)).toBe(true);
    const [counters] = await link.fabric.counters();
    expect(counters?.http).toMatchObject({requests: 4, errors: 1});
    expect(counters?.http?.p99).toBeGreaterThan(0);
    expect(await link.fabric.requests(Date.now() + 1000)).toEqual([]);
  });

  it('counts the latency of toxics in, as the caller sees it', async () => {
    await using upstream = await serveHttp();
    await using link = await openLink(upstream.address, {protocol: 'http'});
    await link.fabric.change({add: [toxic('latency', {attributes: {latency: 25}})]});
    await fetchText(link.address, {method: 'GET', path: '/'});
    const [entry] = await link.fabric.requests(0);
    expect(entry?.durationMs).toBeGreaterThan(49);
  });

  it('has what got no answer, with the reason', async () => {
    await using upstream = await serve(socket => {
      socket.on('data', bytes => {
        if (bytes.includes('/reset')) socket.resetAndDestroy();
        if (bytes.includes('/close')) socket.end();
        if (bytes.includes('/half')) socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf');
      });
      socket.on('end', () => socket.end());
    });
    await using link = await openLink(upstream.address, {protocol: 'http'});
    for (const path of ['/reset', '/close', '/half', '/gave-up']) {
      using client = call(link.address);
      client.socket.write(`GET ${path} HTTP/1.1\r\n\r\n`);
      if (path === '/gave-up') client.socket.end();
      await until(() => client.ended() !== undefined);
      client.socket.end();
      await until(async () => (await link.fabric.counters())[0]?.connections.open === 0);
    }
    expect((await link.fabric.requests(0)).map(({path, status, lost}) => [path, status, lost])).toEqual([
      ['/reset', null, 'reset'],
      ['/close', null, 'closed'],
      ['/half', null, 'closed'],
      ['/gave-up', null, 'closed'],
    ]);
    expect((await link.fabric.counters())[0]?.http?.errors).toBe(4);
  });

  it('says when its caller stopped waiting, also where the answer came all the same', async () => {
    let asked: Socket | undefined;
    const answer = (socket: Socket | undefined) => socket?.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    await using upstream = await serve(socket => {
      socket.on('data', bytes => {
        if (bytes.includes('/waits')) answer(socket);
        else asked = socket;
      });
    });
    await using link = await openLink(upstream.address, {protocol: 'http'});
    using patient = call(link.address);
    patient.socket.write('GET /waits HTTP/1.1\r\n\r\n');
    await until(() => patient.ended() !== undefined);
    patient.socket.end();
    using impatient = call(link.address);
    impatient.socket.end('GET /leaves HTTP/1.1\r\n\r\n');
    await until(() => asked?.readableEnded === true);
    answer(asked);
    await until(async () => (await link.fabric.requests(0)).length === 2);
    const [waited, left] = await link.fabric.requests(0);
    expect(waited).toMatchObject({path: '/waits', status: 200});
    expect(waited).not.toHaveProperty('abandonedMs');
    expect(left).toMatchObject({path: '/leaves', status: 200, abandonedMs: expect.any(Number)});
    expect(left?.abandonedMs).toBeLessThanOrEqual(left?.durationMs ?? 0);
  });

  it('pairs pipelined requests with their answers', async () => {
    await using upstream = await serve(socket => {
      let count = 0;
      socket.on('data', bytes => {
        for (const _ of bytes.toString().matchAll(/HTTP\/1.1/g))
          socket.write(`HTTP/1.1 20${count++} OK\r\ncontent-length: 2\r\n\r\nok`);
      });
    });
    await using link = await openLink(upstream.address, {protocol: 'http'});
    using client = call(link.address);
    client.socket.write('GET /0 HTTP/1.1\r\n\r\nGET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n');
    await until(async () => (await link.fabric.requests(0)).length === 3);
    expect((await link.fabric.requests(0)).map(({path, status}) => `${path} ${status}`)).toEqual([
      '/0 200',
      '/1 201',
      '/2 202',
    ]);
  });

  it('steps aside for what is no HTTP, and after an upgrade', async () => {
    await using upstream = await serve(socket => {
      socket.on('data', bytes =>
        socket.write(bytes.includes('upgrade') ? 'HTTP/1.1 101 Switching Protocols\r\n\r\n' : bytes),
      );
    });
    await using link = await openLink(upstream.address, {protocol: 'http'});
    for (const hello of ['\x16\x03\x01 not http', 'GET /live HTTP/1.1\r\nconnection: upgrade\r\n\r\n']) {
      using client = call(link.address);
      client.socket.write(hello);
      await until(() => client.received().length > 0);
      const before = client.received().length;
      client.socket.write('\x00frames\x01');
      await until(() => client.received().length === before + 8);
    }
    expect(await link.fabric.requests(0)).toEqual([]);
  });
});

describe('drop_reply', () => {
  it('lets the upstream do its work and cuts the client off', async () => {
    await using upstream = await serveHttp();
    await using link = await openLink(upstream.address, {protocol: 'http'});
    await link.fabric.change({add: [toxic('drop_reply', {attributes: {match: {method: 'post', path: '/v1/*'}}})]});
    await expect(fetchText(link.address, {method: 'POST', path: '/v1/accounts', body: 'x'})).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
    expect(upstream.worked).toEqual(['POST /v1/accounts']);
    expect(await fetchText(link.address, {method: 'GET', path: '/v1/accounts'})).toBe('answer to /v1/accounts');
    expect(await fetchText(link.address, {method: 'POST', path: '/v2/accounts', body: 'x'})).toBe(
      'answer to /v2/accounts',
    );
    expect((await link.fabric.requests(0)).map(({status, lost}) => [status, lost])).toEqual([
      [null, 'drop_reply'],
      [200, undefined],
      [200, undefined],
    ]);
    expect((await link.fabric.toxics())[0]?.touched.actions).toBe(1);
    await link.fabric.change({remove: ['drop_reply-1']});
    expect(await fetchText(link.address, {method: 'POST', path: '/v1/accounts', body: 'x'})).toBe(
      'answer to /v1/accounts',
    );
  });

  it('passes nothing of a long answer but an interim one, and what was answered before on the connection', async () => {
    const first = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfirst';
    const interim = 'HTTP/1.1 100 Continue\r\n\r\n';
    const parts = [
      `${first}HTTP/1.1 100 Cont`,
      'inue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-enc',
      'oding: chunked\r\n\r\n4\r\ndrop\r\n',
      '0\r',
      '\n\r\n',
    ];
    await using upstream = await serve(socket => {
      socket.once('data', async () => {
        for (const part of parts) {
          socket.write(part);
          await new Promise(resolve => setTimeout(resolve, 5));
        }
      });
    });
    await using link = await openLink(upstream.address, {protocol: 'http'});
    await link.fabric.change({add: [toxic('drop_reply', {attributes: {match: {path: '/second'}}})]});
    using client = call(link.address);
    client.socket.write('GET /first HTTP/1.1\r\n\r\nPOST /second HTTP/1.1\r\nexpect: 100-continue\r\n\r\n');
    await until(() => client.ended() !== undefined);
    expect(client.ended()).toBe('ECONNRESET');
    expect(client.received().toString()).toBe(first + interim);
  });

  it('draws for each answer from the seed, the same each time', async () => {
    const runOnce = async (seed: number): Promise<string> => {
      await using upstream = await serveHttp();
      await using link = await openLink(upstream.address, {protocol: 'http'});
      await link.fabric.change({add: [toxic('drop_reply', {seed, attributes: {probability: 0.5}})]});
      let outcome = '';
      for (let index = 0; index < 60; index++) {
        outcome += await fetchText(link.address, {method: 'GET', path: '/'}).then(
          () => '.',
          () => 'x',
        );
        // A probe draws too, without shifting what traffic gets.
        if (index % 20 === 0) await link.fabric.probe(link.name, {count: 1, timeoutMs: 5000});
      }
      return outcome;
    };
    const outcome = await runOnce(3);
    expect(await runOnce(3)).toBe(outcome);
    expect(await runOnce(4)).not.toBe(outcome);
    const dropped = outcome.replaceAll('.', '').length;
    expect(dropped).toBeGreaterThan(15);
    expect(dropped).toBeLessThan(45);
  });

  it('is refused on a Postgres link', async () => {
    await using upstream = await serveHttp();
    await using link = await openLink(upstream.address);
    await expect(link.fabric.change({add: [toxic('drop_reply')]})).rejects.toMatchObject({code: 'NOT_POSSIBLE_HERE'});
  });
});

async function serveHttp(): Promise<{readonly address: Address; readonly worked: string[]} & AsyncDisposable> {
  const worked: string[] = [];
  const server = createServer((message, reply) => {
    message.resume().on('end', () => {
      if (message.url !== '/livez') worked.push(`${message.method} ${message.url}`);
      reply.statusCode = message.url === '/missing' ? 404 : message.url === '/fail' ? 503 : 200;
      reply.end(`answer to ${message.url}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: {host: '127.0.0.1', port: (server.address() as AddressInfo).port},
    worked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Fetch {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

function fetchText({host, port}: Address, {method, path, body, headers}: Fetch): Promise<string> {
  return new Promise((resolve, reject) => {
    const message = request({host, port, method, path, headers, agent: new Agent({keepAlive: false})}, reply => {
      let text = '';
      reply.on('data', bytes => {
        text += bytes;
      });
      reply.on('end', () => resolve(text));
      reply.on('error', reject);
    });
    message.on('error', reject);
    message.end(body);
  });
}
