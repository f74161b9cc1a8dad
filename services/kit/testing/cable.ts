import {once} from 'node:events';
import {connect, createServer, type Socket} from 'node:net';

/** A TCP path to somebody, for tests that disturb it. */
export interface Cable extends AsyncDisposable {
  readonly port: number;
  /** From now on bytes are swallowed in both directions, and connections stay open. */
  goSilent(): void;
  /** Closes the connections when bytes with this text go upstream: the text arrives, its answer does not. */
  cutAfter(text: string): void;
}

export async function openCable(target: {readonly host: string; readonly port: number}): Promise<Cable> {
  const sockets = new Set<Socket>();
  let silent = false;
  let cutText: string | undefined;
  const server = createServer(near => {
    const far = connect(target);
    for (const socket of [near, far]) {
      sockets.add(socket.on('error', () => undefined).on('close', () => sockets.delete(socket)));
    }
    near.on('data', chunk => {
      if (silent) return;
      far.write(chunk);
      if (cutText !== undefined && chunk.includes(cutText)) near.destroy();
    });
    far.on('data', chunk => {
      if (!silent && !near.destroyed) near.write(chunk);
    });
    near.on('end', () => far.end());
    far.on('end', () => near.end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    port: address.port,
    goSilent() {
      silent = true;
    },
    cutAfter(text) {
      cutText = text;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
