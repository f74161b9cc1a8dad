import type {IncomingMessage, Server, ServerResponse} from 'node:http';
import type {Socket} from 'node:net';

/** The first byte of a TLS connection: a handshake record (RFC 8446, section 5.1). */
const TLS_HANDSHAKE = 0x16;

/** Gives connections that begin with a TLS handshake to `secure`, and leaves all others to the server that has accepted them. */
export function tellApart(plain: Server, secure: {emit(event: 'connection', socket: Socket): unknown}): void {
  const others = plain.listeners('connection') as ((socket: Socket) => void)[];
  plain.removeAllListeners('connection');
  plain.on('connection', (socket: Socket) => {
    socket.once('error', () => undefined);
    socket.once('data', (first: Buffer) => {
      socket.pause();
      socket.unshift(first);
      if (first[0] === TLS_HANDSHAKE) secure.emit('connection', socket);
      else for (const take of others) take.call(plain, socket);
      // Whoever has it now has begun to listen.
      process.nextTick(() => socket.resume());
    });
  });
}

/** Has a server answer these paths as it did, and gives all other requests to somebody else. */
export function answerOnly(
  paths: ReadonlySet<string>,
  server: Server,
  other: (request: IncomingMessage, response: ServerResponse) => void,
): void {
  const own = server.listeners('request') as ((request: IncomingMessage, response: ServerResponse) => void)[];
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (!paths.has(request.url ?? '')) other(request, response);
    else for (const answer of own) answer.call(server, request, response);
  });
}
