import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {Toxiproxy} from 'toxiproxy-node-client';
import {afterAll, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import type {StatusReport} from '../src/controller/protocol.ts';
import type {FaultRecord} from '../src/faults/fault.ts';
import type {CheckResult} from '../src/labs/verdict.ts';
import type {TraceTree} from '../src/observe/trace-tree.ts';
import {workspaceId} from '../src/paths.ts';
import {dockerDoes as docker} from './support/containers.ts';
import {madeBy, runningOf} from './support/docker.ts';
import {expectDocumented} from './support/documented.ts';
import {freePort} from './support/free-port.ts';
import {isAlive, type Learner, newLearner} from './support/learner.ts';
import {controllerOf, sessionOf} from './support/processes.ts';
import {requireTool} from './support/require.ts';
import {until} from './support/until.ts';

const LAB = 'p2-04-no-lost-events';
const SEED = '7';
const JSON_BODY = {'content-type': 'application/json'};

/** One learner whose system runs as containers of a real engine; the Docker CLI says what is there. The tests build on each other, in this order. */
describe.sequential('a learner with Docker', () => {
  let learner: Learner | undefined;
  let system: StatusReport;
  const use = (): Learner => {
    if (learner === undefined) throw new Error('there is no learner');
    return learner;
  };

  beforeAll(() => {
    learner = newLearner();
  });
  beforeEach(context => requireTool(context, 'docker'));
  afterAll(async () => learner?.[Symbol.asyncDispose]());

  it('gets the same system as containers', async () => {
    const {exitCode, document} = await use().json<StatusReport>('up', '--runtime', 'docker');
    expect(exitCode).toBe(0);
    expectDocumented('up', document);
    expect(document.runtime).toBe('docker');
    system = document;
    const names = ['broker', 'gateway-1', 'identity-1', 'identity-db', 'stream-1', 'stream-db'];
    expect(document.nodes.map(({name, state}) => `${name} ${state}`).toSorted()).toEqual(
      names.map(name => `${name} ready`),
    );
    expect(await runningOf(document.session)).toEqual([...names, 'agent'].toSorted());
    for (const {container = '', name} of document.nodes)
      expect(await docker('inspect', '--format', '{{.Config.Hostname}}', container)).toBe(name);
    const answer = await fetch(`${document.urls.gateway[0]}/openapi.json`);
    expect(answer.status).toBe(200);
  });

  it('sees a request as one trace over all containers', async () => {
    const answer = await fetch(`${system.urls.gateway[0]}/v1/accounts`, {
      method: 'POST',
      headers: {...JSON_BODY, 'idempotency-key': 'traced'},
      body: JSON.stringify({name: 'traced', password: 'correct horse battery'}),
    });
    expect(answer.status).toBe(201);
    await until('stream has a part in it', async () => {
      const {document} = await use().json<TraceTree>('traces', answer.headers.get('x-trace-id') ?? '');
      return document.services?.includes('stream') === true;
    });
  });

  it('is told that the system runs on another runtime already', async () => {
    const {exitCode, document} = await use().json<{error: {code: string}}>('up', '--runtime', 'process');
    expect([exitCode, document.error.code]).toEqual([4, 'BUSY']);
  });

  it('has the Toxiproxy API for its links, and says why there are no proxies beside them', async () => {
    const {document} = await use().json<StatusReport>('up', '--toxiproxy-api', `${await freePort()}`);
    const toxiproxy = new Toxiproxy(document.urls.toxiproxyApi ?? '');
    const link = await toxiproxy.get('gateway-1->identity-1');
    const attributes = {latency: 400, jitter: 0};
    const slow = {name: 'slow', type: 'latency', stream: 'downstream', toxicity: 1, attributes} as const;
    const toxic = await link.addToxic(slow);
    const startedAt = performance.now();
    await fetch(`${document.urls.gateway[0]}/v1/sessions`, {method: 'POST', body: '{}', headers: JSON_BODY});
    expect(performance.now() - startedAt).toBeGreaterThan(attributes.latency);
    const faults = await use().json<FaultRecord[]>('chaos', 'list');
    expect(faults.document).toMatchObject([{name: 'slow', target: link.name, reason: 'toxiproxy-api'}]);
    const updated = await toxic.update({...slow, attributes: {...attributes, latency: 1}});
    expect(updated.attributes).toEqual({latency: 1, jitter: 0});
    const connections = await fetch(`${toxiproxy.host}/proxies/${link.name}/connections`);
    expect(await connections.json()).toMatchObject([{toxics: ['slow']}]);
    await toxiproxy.reset();
    expect((await use().json<FaultRecord[]>('chaos', 'list')).document).toEqual([]);
    const own = await fetch(`${toxiproxy.host}/proxies`, {
      method: 'POST',
      body: JSON.stringify({name: 'own', upstream: 'localhost:1'}),
    });
    expect([own.status, await own.json()]).toMatchObject([403, {error: expect.stringContaining('inside a container')}]);
  });

  it.each([
    ['latency', 'gateway->identity', '--latency', '250ms'],
    ['isolate', 'broker'],
    ['pause', 'stream-1'],
    ['crash', 'identity-1'],
  ])('injects %s on %s, which bites, and heals it', async (kind, target, ...attributes) => {
    const {document} = await use().json<FaultRecord>('chaos', kind, target, ...attributes, '--for', '1m');
    expect(document.effect).toMatchObject({verdict: 'bites'});
    if (kind === 'pause') expect(await docker('ps', '-q', '--filter', 'status=paused')).not.toBe('');
    const cleared = await use().json<FaultRecord[]>('chaos', 'clear', document.id);
    expect(cleared.document[0]).toMatchObject({id: document.id, state: 'ended', endedBy: 'clear'});
    await until('all nodes are ready', async () =>
      (await use().json<StatusReport>('status')).document.nodes.every(({state}) => state === 'ready'),
    );
  });

  it('fails a lab with its code on the start files, and passes it with the reference', async () => {
    const failed = await judged(use());
    expect(failed.document).toMatchObject({lab: LAB, verdict: 'fail', runtime: 'docker'});
    expect(failed.document.tasks.map(({code}) => code)).toContain('MISSING_EVENTS');
    use().take(LAB, 'solution');
    const passed = await judged(use());
    expect(passed.document.tasks.filter(({verdict}) => verdict !== 'pass')).toEqual([]);
    expect(passed.exitCode).toBe(0);
  });

  it('leaves nothing on the engine with down', async () => {
    expect(await madeBy(system.session)).not.toEqual([]);
    expect((await use().run('down')).exitCode).toBe(0);
    expect(await madeBy(system.session)).toEqual([]);
    expect(isAlive(system.controller.pid)).toBe(false);
  });

  it('finds nothing left after the controller was killed and the next command has run', async () => {
    const {document} = await use().json<StatusReport>('up', '--runtime', 'docker');
    process.kill(document.controller.pid, 'SIGKILL');
    expect(await madeBy(document.session)).not.toEqual([]);
    expect((await use().run('status')).exitCode).toBe(4);
    expect(await madeBy(document.session)).toEqual([]);
  });

  it('gets a fresh system after the agent was killed', async () => {
    const {document} = await use().json<StatusReport>('up', '--runtime', 'docker');
    await docker('kill', 'container' in document.agent ? document.agent.container : '');
    await until('the system is gone', async () => (await use().run('status')).exitCode === 4);
    const again = await use().json<StatusReport>('up', '--runtime', 'docker');
    expect(again.exitCode).toBe(0);
    expect(await madeBy(document.session)).toEqual([]);
    expect((await use().run('down')).exitCode).toBe(0);
    expect(await madeBy(again.document.session)).toEqual([]);
  });

  it('is told at once that the agent was killed while the system came up, and nothing is left', async () => {
    const up = use().json<{error: {code: string}}>('up', '--runtime', 'docker');
    const workspace = join(use().folder, 'teralab');
    let session: string | undefined;
    let agent = '';
    await until('the agent runs', async () => {
      session ??= sessionOf(controllerOf(workspace)?.pid ?? 0);
      const labels = [`dev.teralab.session=${session}`, 'dev.teralab.role=agent'];
      agent = await docker('ps', '-q', ...labels.flatMap(label => ['--filter', `label=${label}`]));
      return agent !== '';
    });
    // Whoever only waited for that start begins one of their own.
    const joined = use().json<StatusReport>('up', '--runtime', 'docker');
    await until('the second command waits, too', async () => (await clientsOf(workspace)) >= 2);
    await docker('kill', agent);
    const {exitCode, document} = await up;
    expect([exitCode, document.error.code]).toEqual([4, 'NODE_GONE']);
    expect((await joined).exitCode).toBe(0);
    expect((await use().run('down')).exitCode).toBe(0);
    expect(await madeBy(session ?? '')).toEqual([]);
  });
});

describe('a learner without an engine', () => {
  it('is told where it was looked for, and what to do', async () => {
    await using learner = newLearner({DOCKER_HOST: 'unix:///nowhere/docker.sock'});
    const {exitCode, document} = await learner.json<{error: {code: string; message: string}}>(
      'up',
      '--runtime',
      'docker',
    );
    expect([exitCode, document.error.code]).toEqual([4, 'ENGINE_MISSING']);
    expect(document.error.message).toContain('unix:///nowhere/docker.sock (DOCKER_HOST)');
  });
});

/** Connections to a workspace's controller, as the kernel lists them. */
async function clientsOf(workspace: string): Promise<number> {
  const name = `/${await workspaceId(workspace)}.sock`;
  const connected = readFileSync('/proc/net/unix', 'utf8').split('\n');
  return connected.filter(line => line.includes(' 0001 03 ') && line.endsWith(name)).length;
}

/** A busy machine may make a check inconclusive; it is asked again. */
async function judged(learner: Learner) {
  for (let attempt = 1; ; attempt++) {
    const checked = await learner.json<CheckResult>('check', LAB, '--seed', SEED);
    if (checked.document.verdict !== 'inconclusive' || attempt === 3) return checked;
  }
}
