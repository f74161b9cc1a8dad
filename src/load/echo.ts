import {once} from 'node:events';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';

export interface EchoServer {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Answers every request 204 at once: what is slow on the way to it is the machine, not a service. */
export async function startEcho(): Promise<EchoServer> {
  const host = '127.0.0.1';
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(204).end();
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, host);
  await once(server, 'listening');
  const {port} = server.address() as AddressInfo;
  return {
    host,
    port,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
