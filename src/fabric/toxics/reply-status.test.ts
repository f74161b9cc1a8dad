import {once} from 'node:events';
import {Agent, createServer, request, type ServerResponse} from 'node:http';
import {connect} from 'node:net';
import {Client} from 'undici';
import {describe, expect, it} from 'vitest';
import type {Address} from '../../topology/address.ts';
import {asTestServer, call, openLink, serve, toxic, until} from '../testing.ts';

describe('reply_status', () => {
  it('before the upstream answers in its place, on a connection that goes on', async () => {
    await using upstream = await serveHttp();
    await using link = await openLink(upstream.address, {protocol: 'http'});
    const attributes = {status: 503, match: {path: '/bad'}};
    await link.fabric.change({add: [toxic('reply_status', {attributes})]});
    await using client = new UndiciClient(link.address);
    const bad = await client.send('POST', '/bad', 'x'.repeat(300_000));
    expect(bad.status).toBe(503);
    expect(bad.headers).toMatchObject({
      'content-type': 'application/problem+json',
      'x-teralab-injected': 'reply_status',
    });
    expect(JSON.parse(bad.body)).toMatchObject({
      status: 503,
      title: 'Service Unavailable',
      injected: true,
      fault: 'reply_status-1',
      detail: expect.stringContaining('Injected by teralab on gateway-1->identity-1'),
    });
    expect(await client.send('POST', '/good', 'body')).toMatchObject({status: 200, body: 'POST /good body'});
    expect(upstream.worked).toEqual(['POST /good body']);
    expect((await link.fabric.counters())[0]?.connections.total).toBe(1);
    expect((await link.fabric.requests(0)).map(({path, status, injected}) => [path, status, injected])).toEqual([
      ['/bad', 503, 'before'],
      ['/good', 200, undefined],
    ]);
    expect((await link.fabric.toxics())[0]?.touched.actions).toBe(1);
  });

  it('after the upstream has answered replaces that, on a connection that goes on', async () => {
    await using upstream = await serveHttp();
    await using link = await openLink(upstream.address, {protocol: 'http'});
    const attributes = {status: 500, when: 'after', match: {method: 'POST'}};
    await link.fabric.change({add: [toxic('reply_status', {attributes})]});
    await using client = new UndiciClient(link.address);
    for (const path of ['/plain', '/chunked', '/empty']) {
      expect(await client.send('POST', path, 'body')).toMatchObject({status: 500});
      expect((await client.send('GET', path)).status).not.toBe(500);
    }
    expect(upstream.worked.filter(work => work.startsWith('POST'))).toEqual([
      'POST /plain body',
      'POST /chunked body',
      'POST /empty body',
    ]);
    expect((await link.fabric.counters())[0]?.connections.total).toBe(1);
  });

  it.each(['before', 'after'] as const)('%s keeps the order of pipelined requests', async when => {
    await using upstream = await serveHttp();
    await using link = await openLink(upstream.address, {protocol: 'http'});
    await link.fabric.change({
      add: [toxic('reply_status', {attributes: {when, status: 418, match: {path: '/bad/*'}}})],
    });
    await using client = new UndiciClient(link.address, 10);
    const paths = ['/slow', '/bad/1', '/bad/2', '/chunked', '/slow', '/bad/3', '/good', '/bad/4'];
    const answers = await Promise.all(paths.map(path => client.send('GET', path)));
    expect(answers.map(({status}) => status)).toEqual(paths.map(path => (path.startsWith('/bad') ? 418 : 200)));
    expect(answers[4]?.body).toBe('GET /slow ');
    expect(upstream.worked.length).toBe(when === 'before' ? 4 : 8);
    expect((await link.fabric.requests(0)).map(({path}) => path)).toEqual(paths);
  });

  it.each(['before', 'after'] as const)('%s answers HEAD without a body and 204 without a length', async when => {
    await using upstream = await serveHttp();
    await using link = await openLink(upstream.address, {protocol: 'http'});
    await using client = new UndiciClient(link.address);
    for (const status of [503, 204, 304, 205]) {
      await link.fabric.change({add: [toxic('reply_status', {attributes: {when, status, match: {path: '/bad'}}})]});
      expect(await client.send('HEAD', '/bad')).toMatchObject({status, body: ''});
      const answer = await client.send('GET', '/bad');
      expect(answer.status).toBe(status);
      expect(answer.body === '').toBe(status !== 503);
      expect(await client.send('GET', '/good')).toMatchObject({status: 200, body: 'GET /good '});
      await link.fabric.change({remove: ['reply_status-1']});
    }
    expect((await link.fabric.counters())[0]?.connections.total).toBe(1);
  });

  it.each(['before', 'after'] as const)('%s reads chunked bodies and Expect of a node client', async when => {
    await using upstream = await serveHttp();
    await using link = await openLink(upstream.address, {protocol: 'http'});
    await link.fabric.change({add: [toxic('reply_status', {attributes: {when, status: 500, match: {path: '/bad'}}})]});
    const agent = new Agent({keepAlive: true, maxSockets: 1});
    const parts = ['one', 'two'.repeat(40_000), 'three'];
    expect(await sendParts(link.address, agent, '/bad', parts, {})).toBe(500);
    expect(await sendParts(link.address, agent, '/bad', parts, {expect: '100-continue'})).toBe(500);
    expect(await sendParts(link.address, agent, '/good', parts, {expect: '100-continue'})).toBe(200);
    expect(upstream.worked.at(-1)).toBe(`POST /good ${parts.join('')}`);
    expect((await link.fabric.counters())[0]?.connections.total).toBe(1);
    agent.destroy();
  });

  it('takes a request that comes byte by byte, and lets it go when the toxic goes', async () => {
    await using upstream = await serveHttp();
    await using link = await openLink(upstream.address, {protocol: 'http'});
    await link.fabric.change({add: [toxic('reply_status', {attributes: {match: {path: '/bad'}}})]});
    using client = call(link.address);
    const ask = async (text: string, answers: number): Promise<void> => {
      for (const letter of text) {
        client.socket.write(letter);
        await new Promise(resolve => setImmediate(resolve));
      }
      await until(() => client.received().toString().split('HTTP/1.1 ').length === answers + 1);
    };
    await ask('POST /bad HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nbody', 1);
    await ask('GET /good HTTP/1.1\r\nhost: a\r\n\r\n', 2);
    expect(upstream.worked).toEqual(['GET /good ']);
    client.socket.write('GET /bad HTTP/1.1\r\nho');
    // The bytes are kept back now: half a request has no effect yet, whichever it is.
    await until(async () => (await link.fabric.counters())[0]?.connections.open === 1);
    await new Promise(resolve => setTimeout(resolve, 20));
    await link.fabric.change({remove: ['reply_status-1']});
    client.socket.write('st: a\r\n\r\n');
    await until(() => upstream.worked.length === 2);
    expect(upstream.worked[1]).toBe('GET /bad ');
  });

  it('ends the connection where the client asks for it', async () => {
    await using upstream = await serveHttp();
    await using link = await openLink(upstream.address, {protocol: 'http'});
    await link.fabric.change({add: [toxic('reply_status')]});
    for (const text of ['GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n', 'GET / HTTP/1.0\r\n\r\n']) {
      using client = call(link.address);
      client.socket.write(text);
      await until(() => client.ended() === 'end');
      expect(client.received().toString()).toMatch(/^HTTP\/1.1 503 [\s\S]*\r\nconnection: close\r\n/);
      client.socket.end();
    }
    await until(async () => (await link.fabric.counters())[0]?.connections.open === 0);
  });

  it('after an answer that ends with the connection ends it too', async () => {
    await using upstream = await serve(socket =>
      socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\nto the end')),
    );
    await using link = await openLink(upstream.address, {protocol: 'http'});
    await link.fabric.change({add: [toxic('reply_status', {attributes: {when: 'after'}})]});
    using client = call(link.address);
    client.socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    await until(() => client.ended() === 'end');
    expect(client.received().toString()).toMatch(/^HTTP\/1.1 503 [\s\S]*\r\nconnection: close\r\n/);
    expect(client.received().toString()).not.toContain('to the end');
  });

  it('draws for each request from the seed, the same each time', async () => {
    const runOnce = async (seed: number): Promise<string> => {
      await using upstream = await serveHttp();
      await using link = await openLink(upstream.address, {protocol: 'http'});
      await link.fabric.change({add: [toxic('reply_status', {seed, attributes: {probability: 0.5}})]});
      await using client = new UndiciClient(link.address);
      let outcome = '';
      for (let index = 0; index < 60; index++) outcome += (await client.send('GET', '/')).status === 503 ? 'x' : '.';
      return outcome;
    };
    const outcome = await runOnce(3);
    expect(await runOnce(3)).toBe(outcome);
    expect(await runOnce(4)).not.toBe(outcome);
    const injected = outcome.replaceAll('.', '').length;
    expect(injected).toBeGreaterThan(15);
    expect(injected).toBeLessThan(45);
  });

  it('does not read on from a client that does not read its answers', async () => {
    await using upstream = await serveHttp();
    await using link = await openLink(upstream.address, {protocol: 'http'});
    await link.fabric.change({add: [toxic('reply_status')]});
    const socket = connect(link.address).pause();
    await once(socket, 'connect');
    const count = 60_000;
    const ask = Buffer.from(`GET / HTTP/1.1\r\nhost: a\r\nx-pad: ${'x'.repeat(300)}\r\n\r\n`.repeat(1_000));
    for (let index = 0; index < count / 1_000; index++) socket.write(ask);
    const actions = async (): Promise<number> => (await link.fabric.toxics())[0]?.touched.actions ?? 0;
    await untilStill(actions);
    expect(await actions()).toBeLessThan(count);
    let answered = 0;
    socket.on('data', bytes => {
      answered += bytes.toString('latin1').split('HTTP/1.1 503').length - 1;
    });
    socket.resume();
    // An answer may be cut in the middle of what is counted: a few are missed, none is doubled.
    await until(async () => (await actions()) === count, 'all requests');
    await until(() => answered > 0.98 * count, 'all answers');
    expect(answered).toBeLessThanOrEqual(count);
    socket.destroy();
  });

  it('is refused on a link that is not HTTP, and with a status that ends nothing', async () => {
    await using upstream = await serveHttp();
    await using link = await openLink(upstream.address);
    await expect(link.fabric.change({add: [toxic('reply_status')]})).rejects.toMatchObject({
      code: 'NOT_POSSIBLE_HERE',
    });
    for (const status of [100, 199, 600, 503.5, '503']) {
      await expect(link.fabric.change({add: [toxic('reply_status', {attributes: {status}})]})).rejects.toMatchObject({
        code: 'BAD_VALUE',
        message: expect.stringContaining('status'),
      });
    }
  });
});

describe('drop_reply', () => {
  it('cuts pipelined and kept-alive connections of undici at the answer, and no other', async () => {
    await using upstream = await serveHttp();
    await using link = await openLink(upstream.address, {protocol: 'http'});
    await link.fabric.change({add: [toxic('drop_reply', {attributes: {match: {path: '/bad'}}})]});
    await using client = new UndiciClient(link.address, 10);
    const outcomes = await Promise.allSettled(['/good', '/chunked', '/bad'].map(path => client.send('GET', path)));
    expect(outcomes.map(({status}) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    await expect(client.send('POST', '/bad', 'x'.repeat(100_000))).rejects.toThrow();
    expect(upstream.worked.at(-1)).toBe(`POST /bad ${'x'.repeat(100_000)}`);
    await expect(client.send('HEAD', '/bad')).rejects.toThrow();
    expect(await client.send('HEAD', '/good')).toMatchObject({status: 200});
  });
});

/** Waits until a figure has moved, and then not over many turns of the event loop, in which it would have had the time to. */
async function untilStill(figure: () => Promise<number>): Promise<void> {
  let before = 0;
  let still = 0;
  await until(async () => {
    const now = await figure();
    still = now > 0 && now === before ? still + 1 : 0;
    before = now;
    await new Promise(resolve => setTimeout(resolve, 5));
    return still > 20;
  }, 'the standstill');
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** One connection, kept alive. */
class UndiciClient implements AsyncDisposable {
  readonly #client: Client;

  constructor({host, port}: Address, pipelining = 1) {
    this.#client = new Client(`http://${host}:${port}`, {pipelining});
  }

  async send(method: 'GET' | 'HEAD' | 'POST', path: string, body?: string): Promise<Answer> {
    // Undici takes a new connection after HEAD unless it is told not to.
    const options = {idempotent: true, blocking: false, reset: false};
    const answer = await this.#client.request({method, path, body: body ?? null, ...options});
    return {status: answer.statusCode, headers: answer.headers, body: await answer.body.text()};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.destroy();
  }
}

/** Says what it was asked for; notes its work. */
async function serveHttp() {
  const worked: string[] = [];
  const reply = (response: ServerResponse, path: string, text: string): void => {
    if (path === '/empty') response.writeHead(204).end();
    else if (path === '/chunked') response.writeHead(200, {'transfer-encoding': 'chunked'}).end(text);
    else if (path === '/slow') setTimeout(() => response.end(text), 10);
    else response.end(text);
  };
  const server = createServer((message, response) => {
    let body = '';
    message.on('data', bytes => {
      body += bytes;
    });
    message.on('end', () => {
      const text = `${message.method} ${message.url} ${body}`;
      worked.push(text);
      reply(response, message.url ?? '', text);
    });
  });
  server.on('clientError', (_, socket) => socket.destroy());
  const started = await asTestServer(server, new Set());
  return {
    address: started.address,
    worked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await started[Symbol.asyncDispose]();
    },
  };
}

function sendParts(
  {host, port}: Address,
  agent: Agent,
  path: string,
  parts: readonly string[],
  headers: Record<string, string>,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const message = request({host, port, agent, path, method: 'POST', headers}, answer => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    });
    message.on('error', reject);
    const write = (): void => {
      for (const part of parts) message.write(part);
      message.end();
    };
    if (headers.expect === undefined) write();
    else message.on('continue', write).flushHeaders();
  });
}
