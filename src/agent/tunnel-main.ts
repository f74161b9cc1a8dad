import {performServerHandshake, type ServerHttp2Stream} from 'node:http2';
import {connect} from 'node:net';
import {Duplex} from 'node:stream';

/**
 * The far end of a tunnel into a session's network: HTTP/2 over this program's standard streams, each `CONNECT host:port` of it a
 * connection from this container. Whoever may run programs in the container may do this, and nobody else.
 */
const session = performServerHandshake(Duplex.from({readable: process.stdin, writable: process.stdout}));
session.on('error', end);
session.on('close', end);
process.stdin.on('close', end);
session.on('stream', (stream: ServerHttp2Stream, headers) => {
  stream.on('error', () => undefined);
  const {hostname, port} = new URL(`tcp://${headers[':authority'] ?? ''}`);
  const socket = connect({host: hostname, port: Number(port), noDelay: true, allowHalfOpen: true});
  let connected = false;
  socket.once('connect', () => {
    connected = true;
    stream.respond({':status': 200});
    socket.pipe(stream);
    stream.pipe(socket);
  });
  socket.on('error', () => {
    if (connected || stream.destroyed || stream.headersSent) stream.destroy();
    else stream.respond({':status': 502}, {endStream: true});
  });
  stream.on('close', () => socket.destroy());
});

function end(): void {
  process.exit(0);
}
