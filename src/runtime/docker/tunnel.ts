import {type ClientHttp2Session, connect} from 'node:http2';
import {createServer, type Server, type Socket} from 'node:net';
import {Duplex, PassThrough, Writable} from 'node:stream';
import {LabError} from '../../errors.ts';
import type {Address} from '../../topology/address.ts';
import {LOOPBACK} from '../ports.ts';
import {type Engine, engineError} from './engine.ts';

/** A way into the network of a session, for engines whose ports are not those of this machine. */
export interface Tunnel {
  /** Listens on the loopback interface of this machine and leads whoever connects there to the address inside. Errors: PORT_TAKEN. */
  forward(localPort: number, inside: Address): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a tunnel through the engine's own API: a program in a container of the session, whose standard streams carry HTTP/2 with one
 * `CONNECT` for each connection. It needs no port of the engine's machine. Errors: ENGINE_FAILED, ENGINE_MISSING.
 */
export async function openTunnel(engine: Engine, container: string): Promise<Tunnel> {
  const pipe = await runInside(engine, container).catch(error => {
    throw engineError(error, 'the tunnel to the engine could not be opened');
  });
  const session = connect('http://tunnel', {createConnection: () => pipe});
  session.on('error', () => undefined);
  const servers: Server[] = [];
  return {
    forward: async (localPort, inside) => {
      servers.push(await listen(localPort, socket => lead(session, socket, inside)));
    },
    close: async () => {
      for (const server of servers) server.close();
      session.destroy();
      pipe.destroy();
    },
  };
}

/** Starts the far end in the container. What it writes comes framed, as all output of programs without a terminal does. */
async function runInside(engine: Engine, container: string): Promise<Duplex> {
  const program = await engine.getContainer(container).exec({
    Cmd: ['node', '/app/docker/start.mjs', 'tunnel'],
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await program.start({hijack: true, stdin: true});
  const output = new PassThrough();
  engine.modem.demuxStream(stream, output, new PassThrough().resume());
  stream.once('close', () => output.end());
  stream.on('error', () => output.end());
  const input = new Writable({
    write: (chunk, _, done) => {
      if (stream.write(chunk)) done();
      else stream.once('drain', () => done());
    },
    final: done => {
      stream.end();
      done();
    },
  });
  return Duplex.from({readable: output, writable: input});
}

/** A connection that the far end could not make is reset: an accept is no proof that somebody is there. */
function lead(session: ClientHttp2Session, socket: Socket, {host, port}: Address): void {
  if (session.destroyed || session.closed) {
    socket.resetAndDestroy();
    return;
  }
  const stream = session.request({':method': 'CONNECT', ':authority': `${host}:${port}`});
  stream.on('response', ({':status': status}) => {
    if (status !== 200) {
      socket.resetAndDestroy();
      return;
    }
    socket.pipe(stream);
    stream.pipe(socket);
  });
  stream.on('error', () => socket.resetAndDestroy());
  stream.on('close', () => socket.destroySoon());
  socket.on('error', () => stream.destroy());
  socket.on('close', () => stream.destroy());
}

function listen(port: number, accept: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({allowHalfOpen: true, noDelay: true}, accept);
    server.once('error', error =>
      reject(new LabError('PORT_TAKEN', `Port ${port} could not be opened: ${error.message}.`, {cause: error})),
    );
    server.listen(port, LOOPBACK, () => {
      server.on('error', () => undefined);
      resolve(server);
    });
  });
}
