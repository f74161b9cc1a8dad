import {once} from 'node:events';
import {type AddressInfo, createServer, type Server, type Socket} from 'node:net';
import type {LoadFigures} from './fabric.ts';
import {type LinkProxy, LOOPBACK} from './link-proxy.ts';
import {openProbe, type ProbeOutcome} from './probe-socket.ts';

/**
 * Sends `bytes` through a proxy in each direction at the same time, between two ends of the fabric's own: what its toxics do to the amount, the
 * pace and the pieces shows without the callee having to send anything.
 */
export async function probeLoad(proxy: LinkProxy, bytes: number, timeoutMs: number): Promise<ProbeOutcome> {
  const server = createServer({allowHalfOpen: true, noDelay: true});
  server.listen(0, LOOPBACK);
  await once(server, 'listening');
  const sockets: Socket[] = [];
  try {
    return await transfer(proxy, server, sockets, bytes, timeoutMs);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

function transfer(
  proxy: LinkProxy,
  server: Server,
  sockets: Socket[],
  bytes: number,
  timeoutMs: number,
): Promise<ProbeOutcome> {
  const {port} = server.address() as AddressInfo;
  const startedAt = performance.now();
  return new Promise(resolve => {
    const finish = (failure?: string): void => {
      clearTimeout(timer);
      const load = {upstream: upstream.figures(), downstream: downstream.figures()};
      const isWhole = load.upstream.bytes >= bytes && load.downstream.bytes >= bytes;
      if (isWhole) resolve({ms: Math.max(load.upstream.ms, load.downstream.ms), load});
      else resolve({failure: failure ?? 'closed', load});
    };
    const look = (): void => {
      const isWhole = [upstream, downstream].every(end => end.figures().bytes >= bytes);
      if (isWhole || (upstream.over && downstream.over)) finish();
    };
    const timer = setTimeout(() => finish('timeout'), timeoutMs);
    const upstream = countEnd(startedAt, look);
    const downstream = countEnd(startedAt, look);
    const client = openProbe(proxy, {host: LOOPBACK, port});
    sockets.push(client);
    downstream.read(client);
    client.on('connect', () => client.write(Buffer.alloc(bytes)));
    server.on('connection', socket => {
      sockets.push(socket);
      upstream.read(socket);
      socket.write(Buffer.alloc(bytes));
    });
  });
}

/** Counts what comes out at one end. */
function countEnd(startedAt: number, changed: () => void) {
  let bytes = 0;
  let pieces = 0;
  let ms = 0;
  const end = {
    over: false,
    figures: (): LoadFigures => ({bytes, pieces, ms}),
    read: (socket: Socket): void => {
      socket.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        pieces += 1;
        ms = performance.now() - startedAt;
        changed();
      });
      for (const event of ['end', 'error', 'close'] as const) {
        socket.on(event, () => {
          end.over = true;
          changed();
        });
      }
    },
  };
  return end;
}
