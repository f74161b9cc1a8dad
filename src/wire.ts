import type {Socket} from 'node:net';

/** Longest line that a peer may send, in bytes: far over any message of ours, far under what would hurt. */
const LINE_BYTES_MAX = 64 * 1024 * 1024;

/** JSON objects over a socket, one a line. A peer that sends anything else is cut off. */
export function onMessages<T>(socket: Socket, receive: (message: T) => void): void {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  socket.on('data', (chunk: Buffer) => {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      const line = Buffer.concat([...pending, chunk.subarray(start, end)]).toString('utf8');
      pending = [];
      pendingBytes = 0;
      start = end + 1;
      const message = parse<T>(line);
      if (message === undefined) {
        socket.destroy();
        return;
      }
      receive(message);
    }
    if (start < chunk.length) {
      pending.push(chunk.subarray(start));
      pendingBytes += chunk.length - start;
      if (pendingBytes > LINE_BYTES_MAX) socket.destroy();
    }
  });
}

export function sendMessage(socket: Socket, message: object): void {
  if (!socket.destroyed && socket.writable) socket.write(`${JSON.stringify(message)}\n`);
}

function parse<T>(line: string): T | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as T) : undefined;
  } catch {
    return undefined;
  }
}
