import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, rm} from 'node:fs/promises';
import {createServer, request as plainRequest, type Server} from 'node:http';
import {Agent, request as secureRequest} from 'node:https';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {createLabAuthority, type LabAuthority, type WorkloadIdentity} from '../src/controller/lab-authority.ts';
import type {StatusReport} from '../src/controller/protocol.ts';
import type {FaultRecord} from '../src/faults/fault.ts';
import {freePort} from './support/free-port.ts';
import {isAlive, type Learner, newLearner, root} from './support/learner.ts';
import {until} from './support/until.ts';

const JSON_BODY = {'content-type': 'application/json'};

/** The built sidecar beside a server that tells who asked. */
describe.sequential('a sidecar', () => {
  let folder = '';
  let app: Server;
  let authority: LabAuthority;
  let port = 0;
  let other = 0;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'teralab-mesh-'));
    authority = await createLabAuthority();
    app = createServer((incoming, reply) =>
      incoming.url === '/readyz' ? reply.end() : reply.end(String(incoming.headers['x-peer-service'])),
    ).listen(join(folder, 'app.sock'));
    await once(app, 'listening');
    [port, other] = await Promise.all([freePort(), freePort()]);
    const outbound = [
      {service: 'identity', node: 'identity-1', socket: join(folder, 'right.sock'), host: '127.0.0.1', port},
      {service: 'identity', node: 'identity-2', socket: join(folder, 'swapped.sock'), host: '127.0.0.1', port},
      {service: 'identity', node: 'identity-1', socket: join(folder, 'nobody.sock'), host: '127.0.0.1', port: 1},
    ];
    await Promise.all([
      startSidecar('identity', {port, callers: ['gateway'], outbound: []}),
      startSidecar('gateway', {port: other, callers: [], outbound}),
    ]);
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    app.close();
    await rm(folder, {recursive: true, force: true});
  });

  async function startSidecar(
    service: string,
    {
      port: own,
      ...settings
    }: {readonly port: number; readonly callers: readonly string[]; readonly outbound: readonly object[]},
  ): Promise<void> {
    const {key, cert} = await authority.issue(service, `${service}-1`);
    const child = spawn(process.execPath, [join(root, 'dist', 'services', 'sidecar.cjs')], {
      stdio: 'ignore',
      env: {
        PORT: String(own),
        SIDECAR: JSON.stringify({service, app: join(folder, 'app.sock'), edge: false, ...settings}),
        TLS_KEY: key,
        TLS_CERT: cert,
        TLS_CA: authority.ca,
      },
    });
    children.push(child);
    await until('it is ready', async () => {
      const answer = await fetch(`http://127.0.0.1:${own}/readyz`).catch(() => undefined);
      return answer?.status === 200;
    });
  }

  /** The status and body of an answer, or the code of what failed. */
  async function ask(identity: Partial<WorkloadIdentity>, headers: Record<string, string> = {}): Promise<string> {
    const agent = new Agent({...identity, ca: authority.ca, checkServerIdentity: () => undefined});
    const asked = secureRequest({host: '127.0.0.1', port, path: '/v1/accounts/me', agent, headers});
    return answerOf(asked).finally(() => agent.destroy());
  }

  it('hears whoever shows a certificate of a service that has a link, and tells the app who that is', async () => {
    const gateway = await authority.issue('gateway', 'gateway-1');
    expect(await ask(gateway)).toBe('200 gateway');
    expect(await ask(gateway, {'x-peer-service': 'admin'})).toBe('200 gateway');
  });

  it('hears nobody else: plain text, no certificate, one of another authority, another service, no workload', async () => {
    const stranger = await createLabAuthority();
    const plain = await fetch(`http://127.0.0.1:${port}/v1/accounts/me`, {headers: {'x-peer-service': 'gateway'}});
    expect(plain.status).toBe(403);
    expect(plain.headers.get('content-type')).toContain('application/problem+json');
    expect(await ask({})).toMatch(/^(ECONNRESET|ERR_SSL)/);
    expect(await ask(await stranger.issue('gateway', 'gateway-1'))).toMatch(/^(ECONNRESET|ERR_SSL)/);
    expect(await ask(await authority.issue('stream', 'stream-1'))).toContain('403');
    expect(await ask(await authority.issue('gateway/../identity', 'x'))).toBe('ECONNRESET');
  });

  async function through(socket: string): Promise<string> {
    return answerOf(plainRequest({socketPath: join(folder, socket), path: '/v1/accounts/me', agent: false}));
  }

  it('reaches the instance that was asked for, and none that only has a certificate', async () => {
    expect(await through('right.sock')).toBe('200 gateway');
    expect(await through('swapped.sock')).toContain('503');
    expect(await through('nobody.sock')).toContain('503');
  });
});

/** A whole system whose services speak to each other through sidecars. */
describe.sequential('a mesh', () => {
  let learner: Learner;
  let status: StatusReport;
  beforeAll(async () => {
    learner = newLearner();
    ({document: status} = await learner.json<StatusReport>('up', '--topology', 'mesh'));
  });
  afterAll(async () => learner[Symbol.asyncDispose]());

  it('serves as a system without one does, and a service has no port of its own', async () => {
    const service = status.nodes.find(({name}) => name === 'identity-1');
    expect(service?.url).toMatch(/^unix:\//);
    const {exitCode, document} = await learner.json<{ok: number; sent: number}>(
      'load',
      '--rate',
      '10',
      '--duration',
      '3s',
    );
    expect(exitCode).toBe(0);
    expect(document.ok).toBe(document.sent);
    const sidecar = status.nodes.find(({name}) => name === 'identity-1-sidecar');
    expect((await fetch(`${sidecar?.url}/v1/accounts`, {method: 'POST', headers: JSON_BODY, body: '{}'})).status).toBe(
      403,
    );
  });

  it('feels faults on its links, and a crash of a sidecar', async () => {
    const latency = await learner.json<FaultRecord>(
      'chaos',
      'latency',
      'gateway->identity',
      '--latency',
      '150ms',
      '--for',
      '2s',
    );
    expect(latency.document.effect?.verdict).toBe('bites');
    expect((await learner.run('chaos', 'reply-status', 'gateway->identity', '--for', '1s')).stderr).toContain(
      'HTTP links only',
    );
    expect((await learner.run('chaos', 'crash', 'stream-1-sidecar', '--for', '1s')).exitCode).toBe(0);
    await until('all of it is ready again', async () => {
      const {document} = await learner.json<StatusReport>('status');
      return document.nodes.every(({state}) => state === 'ready') && document.faults.length === 0;
    });
  });

  it('leaves nothing behind', async () => {
    expect((await learner.run('down')).exitCode).toBe(0);
    for (const {pid} of status.nodes) if (pid !== undefined) expect(isAlive(pid)).toBe(false);
  });
});

async function answerOf(asked: ReturnType<typeof plainRequest>): Promise<string> {
  return new Promise(resolve => {
    asked.on('response', answer => {
      let body = '';
      answer.setEncoding('utf8').on('data', chunk => {
        body += String(chunk);
      });
      answer.on('end', () => resolve(`${answer.statusCode} ${body}`));
    });
    asked.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    asked.end();
  });
}
