import {once} from 'node:events';
import {connect, createServer} from 'node:net';
import type {Address} from '../../src/topology/address.ts';

const HOST = '127.0.0.1';
const ATTEMPTS_MAX = 400;
const RETRY_MS = 25;

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const {port} = server.address() as {port: number};
  server.close();
  await once(server, 'close');
  return port;
}

export async function untilOpen(address: Address): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const socket = connect(address);
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await new Promise(resolve => setTimeout(resolve, RETRY_MS));
  }
  throw new Error(`nothing listens on ${address.port}`);
}
