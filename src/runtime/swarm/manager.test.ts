import {mkdtempSync, rmSync} from 'node:fs';
import {createServer, type Server} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, describe, expect, it} from 'vitest';
import type {EngineEndpoint} from '../docker/endpoint.ts';
import {listMachines, openManager} from './manager.ts';

const folder = mkdtempSync(join(tmpdir(), 'teralab-manager-'));
const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(folder, {recursive: true, force: true});
});

/** An engine that says this of its swarm. */
async function engine(swarm: object, nodes: readonly object[] = []): Promise<EngineEndpoint> {
  const answers: Readonly<Record<string, unknown>> = {
    '/version': {ApiVersion: '1.41', Version: '20.10'},
    '/info': {Swarm: swarm},
    '/nodes': nodes,
  };
  const server = createServer((request, reply) => {
    reply.setHeader('content-type', 'application/json');
    reply.end(JSON.stringify(answers[request.url?.split('?')[0] ?? '']));
  });
  const socket = join(folder, `${servers.push(server)}.sock`);
  await new Promise<void>(resolve => server.listen(socket, resolve));
  return {host: `unix://${socket}`, source: 'DOCKER_HOST'};
}

function node(id: string, name: string, state = 'ready', availability = 'active', architecture = 'x86_64'): object {
  return {
    ID: id,
    Spec: {Availability: availability},
    Description: {Hostname: name, Platform: {Architecture: architecture, OS: 'linux'}},
    Status: {State: state},
  };
}

describe('the manager of a swarm', () => {
  it.each([
    ['an engine without a swarm', {NodeID: '', LocalNodeState: 'inactive', ControlAvailable: false}, /is not part of/],
    ['a worker', {NodeID: 'b', LocalNodeState: 'active', ControlAvailable: false}, /is a worker/],
  ])('is not %s', async (_, swarm, message) => {
    await expect(openManager(await engine(swarm))).rejects.toMatchObject({
      code: 'NO_SWARM',
      exit: 4,
      message: expect.stringMatching(message),
    });
  });

  it('lists its own machine first, and says which are not there or unfit', async () => {
    const endpoint = await engine({NodeID: 'z', LocalNodeState: 'active', ControlAvailable: true}, [
      node('d', 'drained', 'ready', 'drain'),
      node('a', 'arm', 'ready', 'active', 'aarch64'),
      node('l', 'lost', 'down'),
      node('z', 'zeta'),
    ]);
    expect(await listMachines(await openManager(endpoint))).toEqual([
      {id: 'z', name: 'zeta', isReady: true},
      {id: 'a', name: 'arm', isReady: true, unfit: "it is linux on aarch64, unlike the manager's machine"},
      {id: 'd', name: 'drained', isReady: true, unfit: 'its availability is "drain"'},
      {id: 'l', name: 'lost', isReady: false},
    ]);
  });
});
