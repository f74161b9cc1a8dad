import {once} from 'node:events';
import {type AddressInfo, connect, createServer} from 'node:net';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {createConnectionWatch} from './connections.ts';

describe.skipIf(process.platform !== 'linux')('connections of processes', () => {
  const server = createServer(socket => socket.on('error', () => undefined));
  let port: number;
  beforeEach(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({port} = server.address() as AddressInfo);
  });
  afterEach(() => void server.close());

  it('are seen while they are there, at the side that has made them', async () => {
    const {look} = createConnectionWatch();
    expect(look([process.pid], new Set([port]))).toEqual([]);
    const client = connect(port, '127.0.0.1');
    await once(client, 'connect');
    for (const _ of [1, 2]) expect(look([process.pid], new Set([port]))).toEqual([{pid: process.pid, port}]);
    client.destroy();
    await once(client, 'close');
    expect(look([process.pid], new Set([port]))).toEqual([]);
  });

  it('are left out where they lead elsewhere, or are of somebody else', async () => {
    const {look} = createConnectionWatch();
    const client = connect(port, '127.0.0.1');
    await once(client, 'connect');
    expect(look([process.pid], new Set([port + 1]))).toEqual([]);
    expect(look([process.ppid], new Set([port]))).toEqual([]);
    client.destroy();
  });
});
