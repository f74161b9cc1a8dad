import type {Socket} from 'node:net';

/** Ends a socket with RST, so that its peer sees ECONNRESET. */
export function resetSocket(socket: Socket): void {
  if (socket.destroyed) return;
  // Neither a socket that never connected nor one whose FIN is just being sent can be reset: libuv refuses the second, and
  // node would wait for the first.
  const finUnderWay = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  if (socket.connecting || finUnderWay) socket.destroy();
  else socket.resetAndDestroy();
}
