import {createHash, timingSafeEqual} from 'node:crypto';
import {chmod, rm} from 'node:fs/promises';
import {createServer, type Server, type Socket} from 'node:net';
import {LabError, toErrorData} from '../errors.ts';
import {onMessages, sendMessage} from '../wire.ts';
import type {ClientMessage, MethodName, Methods} from './protocol.ts';

/** One method: gets its parameters, a way to send events, and a signal that aborts when the client goes away. */
export type Handler<M extends MethodName> = (
  params: Methods[M]['params'],
  emit: (event: Methods[M]['event']) => void,
  signal: AbortSignal,
) => Promise<Methods[M]['result']>;

export type Handlers = {readonly [M in MethodName]: Handler<M>};

export interface ControllerServer {
  /** Clients that are connected now. */
  clients(): number;
  close(): Promise<void>;
}

export interface ServerListener {
  /** A handler threw what is no `LabError`. */
  onInternalError(error: unknown): void;
  /** The last client that was connected has left. */
  onLastClient(): void;
}

/**
 * Serves the controller's methods on a unix socket of mode 0600, to who says hello with the token. The folder around it is the caller's to
 * check. Code under test runs as the same user and may find the socket, hence the token.
 */
export async function serve(
  socketPath: string,
  token: string,
  handlers: Handlers,
  {onInternalError, onLastClient}: ServerListener,
): Promise<ControllerServer> {
  await rm(socketPath, {force: true});
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    const calls = new AbortController();
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      calls.abort(new LabError('INTERRUPTED', 'The client went away.'));
      if (sockets.size === 0) onLastClient();
    });
    let isKnown = false;
    onMessages<ClientMessage>(socket, message => {
      isKnown ||= message.method === 'hello' && isToken(message.params, token);
      if (!isKnown) {
        sendMessage(socket, {id: message.id, error: toErrorData(stranger())});
        socket.end();
        return;
      }
      void answer(socket, message, handlers, calls.signal, onInternalError);
    });
  });
  await listen(server, socketPath);
  await chmod(socketPath, 0o600);
  return {
    clients: () => sockets.size,
    close: async () => {
      server.close();
      for (const socket of sockets) socket.end();
      await rm(socketPath, {force: true});
    },
  };
}

async function answer(
  socket: Socket,
  message: ClientMessage,
  handlers: Handlers,
  signal: AbortSignal,
  onInternalError: (error: unknown) => void,
): Promise<void> {
  const {id, method, params} = message;
  try {
    const handler = (handlers as Readonly<Record<string, unknown>>)[method];
    if (typeof handler !== 'function' || !Object.hasOwn(handlers, method))
      throw new LabError('USAGE', `The controller has no method "${method}".`);
    const emit = (event: unknown): void => sendMessage(socket, {id, event});
    const result: unknown = await handler(params, emit, signal);
    sendMessage(socket, {id, result: result ?? null});
  } catch (error) {
    if (!(error instanceof LabError)) onInternalError(error);
    sendMessage(socket, {id, error: toErrorData(error)});
  }
}

function stranger(): LabError {
  return new LabError('NOT_ALLOWED', 'The controller answers only to who says hello with the token of its lock file.');
}

function isToken(params: unknown, token: string): boolean {
  const shown = typeof params === 'object' && params !== null && 'token' in params ? params.token : undefined;
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return typeof shown === 'string' && timingSafeEqual(digest(shown), digest(token));
}

async function listen(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
