import {type ClientHttp2Session, type ClientHttp2Stream, connect} from 'node:http2';
import {createServer, type Server, type Socket} from 'node:net';
import {Duplex, PassThrough, Writable} from 'node:stream';
import {LabError} from '../../errors.ts';
import type {Address} from '../../topology/address.ts';
import {LOOPBACK} from '../ports.ts';
import {type Engine, engineError} from './engine.ts';

/** A way into the network of a session, for engines whose ports are not those of this machine. */
export interface Tunnel {
  /**
   * Listens on the loopback interface of this machine and leads whoever connects there to the address inside, asked for anew each time:
   * where there is none now, the connection is reset. Errors: PORT_TAKEN.
   */
  forward(localPort: number, inside: Address | (() => Address | undefined)): Promise<void>;
  /** One connection to an address inside. @throws Error when the far end could not make it. */
  open(inside: Address): Promise<Duplex>;
  /** Settles when it leads nowhere any more. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

/** What is run in a container of the session as the far end. */
export const TUNNEL_COMMAND = ['node', '/app/docker/start.mjs', 'tunnel'];

/**
 * Opens a tunnel through the engine's own API: a program in a container of the session, whose standard streams carry HTTP/2 with one
 * `CONNECT` for each connection. It needs no port of the engine's machine. Errors: ENGINE_FAILED, ENGINE_MISSING.
 */
export async function openTunnel(
  engine: Engine,
  container: string,
  command: readonly string[] = TUNNEL_COMMAND,
): Promise<Tunnel> {
  const pipe = await runInside(engine, container, command).catch(error => {
    throw engineError(error, 'the tunnel to the engine could not be opened');
  });
  const session = connect('http://tunnel', {createConnection: () => pipe});
  session.on('error', () => undefined);
  const servers: Server[] = [];
  return {
    forward: async (localPort, inside) => {
      const target = typeof inside === 'function' ? inside : () => inside;
      servers.push(await listen(localPort, socket => lead(session, socket, target())));
    },
    open: async inside => openStream(session, inside),
    closed: new Promise(resolve => session.once('close', () => resolve())),
    close: async () => {
      for (const server of servers) server.close();
      session.destroy();
      pipe.destroy();
    },
  };
}

/** Starts the far end in the container. What it writes comes framed, as all output of programs without a terminal does. */
async function runInside(engine: Engine, container: string, command: readonly string[]): Promise<Duplex> {
  const program = await engine.getContainer(container).exec({
    Cmd: [...command],
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
function lead(session: ClientHttp2Session, socket: Socket, inside: Address | undefined): void {
  const stream = inside === undefined ? undefined : request(session, inside);
  if (stream === undefined) {
    socket.resetAndDestroy();
    return;
  }
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

async function openStream(session: ClientHttp2Session, inside: Address): Promise<Duplex> {
  const where = `${inside.host}:${inside.port}`;
  const stream = request(session, inside);
  if (stream === undefined) throw unconnected(`the tunnel to ${where} is closed`);
  return new Promise((resolve, reject) => {
    stream.on('error', reject);
    stream.once('close', () => reject(unconnected(`the tunnel to ${where} was closed`)));
    stream.once('response', ({':status': status}) => {
      if (status === 200) resolve(stream);
      else reject(unconnected(`nobody answers at ${where}`));
    });
  });
}

/** As Node reports a connection that could not be made. */
function unconnected(message: string): Error {
  return Object.assign(new Error(message), {code: 'ECONNREFUSED'});
}

function request(session: ClientHttp2Session, {host, port}: Address): ClientHttp2Stream | undefined {
  if (session.destroyed || session.closed) return undefined;
  return session.request({':method': 'CONNECT', ':authority': `${host}:${port}`});
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
