import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {HttpProvider, ProcessProvider} from './experiment.ts';
import {requestHttp} from './http-provider.ts';
import {runProgram} from './process-provider.ts';

const never = new AbortController().signal;

describe('the provider "http"', () => {
  const server = createServer((request, response) => {
    if (request.url === '/silent') return;
    let body = '';
    request.on('data', chunk => {
      body += String(chunk);
    });
    request.on('end', () => {
      const json = JSON.stringify({
        method: request.method,
        url: request.url,
        type: request.headers['content-type'] ?? null,
        body,
      });
      response.writeHead(request.url === '/teapot' ? 418 : 200, {'content-type': 'application/json; charset=utf-8'});
      response.end(json);
    });
  });
  const provider = (path: string, change: Partial<HttpProvider> = {}): HttpProvider => ({
    type: 'http',
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    method: 'GET',
    headers: {},
    arguments: undefined,
    expectedStatus: undefined,
    timeoutMs: undefined,
    verifyTls: true,
    ...change,
  });

  beforeAll(async () => {
    await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise(done => server.close(done));
  });

  it('sends arguments as query, form, JSON or as they are, as Chaos Toolkit does', async () => {
    const sent = async (change: Partial<HttpProvider>): Promise<unknown> =>
      (await requestHttp(provider('/a', change), never)).body;
    expect(await sent({arguments: {q: 'x y', n: 1}})).toMatchObject({url: '/a?q=x+y&n=1', body: ''});
    expect(await sent({method: 'POST', arguments: {q: 'x y'}})).toMatchObject({
      type: 'application/x-www-form-urlencoded',
      body: 'q=x+y',
    });
    expect(await sent({method: 'PUT', headers: {'Content-Type': 'application/json'}, arguments: {n: 1}})).toMatchObject(
      {body: '{"n":1}'},
    );
    expect(await sent({method: 'POST', arguments: 'bare'})).toMatchObject({body: 'bare'});
  });

  it('takes any status for an answer, and says why there is none', async () => {
    expect((await requestHttp(provider('/teapot'), never)).status).toBe(418);
    await expect(requestHttp(provider('/silent', {timeoutMs: 100}), never)).rejects.toThrow(
      'got no answer within 100 ms',
    );
    await expect(requestHttp({...provider('/'), url: 'http://127.0.0.1:2/'}, never)).rejects.toThrow('ECONNREFUSED');
  });
});

describe('the provider "process"', () => {
  const run = async (change: Partial<ProcessProvider>, signal = never) =>
    runProgram({type: 'process', path: 'sh', arguments: [], timeoutMs: undefined, ...change}, signal);

  it('takes arguments as a list, a mapping or a command line', async () => {
    expect(await run({path: 'echo', arguments: ['a b', '', 5]})).toEqual({status: 0, stdout: 'a b 5\n', stderr: ''});
    expect((await run({path: 'echo', arguments: {'--n': 1, '--m': 'x'}})).stdout).toBe('--n 1 --m x\n');
    expect((await run({path: 'echo', arguments: '$((1 + 2)) | tr 3 4'})).stdout).toBe('4\n');
  });

  it('takes any exit code for an output, and a timeout or a stop for none', async () => {
    expect(await run({arguments: ['-c', 'echo no >&2; exit 3']})).toEqual({status: 3, stdout: '', stderr: 'no\n'});
    expect((await run({arguments: ['-c', 'kill -9 $$']})).status).toBe(-9);
    // The child of the shell holds the pipe too, and ends with its group.
    await expect(run({arguments: ['-c', 'sleep 600 & sleep 600'], timeoutMs: 100})).rejects.toThrow(
      'did not end within 100 ms',
    );
    await expect(run({arguments: ['-c', 'sleep 600']}, AbortSignal.timeout(50))).rejects.toThrow('was stopped');
    await expect(run({path: './nowhere'})).rejects.toThrow('There is no program "./nowhere"');
  });
});
