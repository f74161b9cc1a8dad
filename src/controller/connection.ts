import {connect, type Socket} from 'node:net';
import {fromErrorData, LabError} from '../errors.ts';
import {workspaceId} from '../paths.ts';
import {processIs, processStartTime} from '../runtime/process/leftovers.ts';
import {waitUntil} from '../runtime/wait.ts';
import {onMessages, sendMessage} from '../wire.ts';
import type {MethodName, Methods, ServerMessage} from './protocol.ts';

/** A client's connection to a controller that has said who it is. */
export interface ControllerClient {
  readonly session: string;
  readonly pid: number;
  /** Aborting `signal` closes the connection, and with it ends what this client has under way. */
  call<M extends MethodName>(
    method: M,
    params: Methods[M]['params'],
    onEvent?: (event: Methods[M]['event']) => void,
    signal?: AbortSignal,
  ): Promise<Methods[M]['result']>;
  close(): void;
}

/** A controller that has answered `down` ends within this time, in ms: a bound against hanging. */
const END_WITHIN_MS = 15_000;

interface PendingCall {
  readonly onEvent: ((event: unknown) => void) | undefined;
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/**
 * Connects and says hello with the controller's token, which is read once it is known to listen. `nobody` listens there, or whoever does is
 * `silent`: no hello came within the time (ms).
 */
export async function connectController(
  socketPath: string,
  workspace: string,
  withinMs: number,
  readToken: () => Promise<string>,
): Promise<ControllerClient | 'nobody' | 'silent'> {
  const socket = await open(socketPath);
  if (socket === undefined) return 'nobody';
  const pending = new Map<number, PendingCall>();
  let nextId = 1;
  socket.on('error', () => undefined);
  socket.on('close', () => {
    const lost = new LabError('CONTROLLER_LOST', 'The connection to the controller was lost before it had answered.');
    for (const call of pending.values()) call.reject(lost);
    pending.clear();
  });
  onMessages<ServerMessage>(socket, message => {
    const call = pending.get(message.id);
    if (call === undefined) return;
    if ('event' in message) {
      call.onEvent?.(message.event);
      return;
    }
    pending.delete(message.id);
    if ('error' in message) call.reject(fromErrorData(message.error));
    else call.resolve(message.result);
  });
  const call: ControllerClient['call'] = async (method, params, onEvent, signal) => {
    signal?.throwIfAborted();
    if (socket.destroyed) throw new LabError('CONTROLLER_LOST', 'The connection to the controller is closed.');
    const id = nextId++;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        pending.delete(id);
        socket.destroy();
        reject(signal?.reason instanceof Error ? signal.reason : new LabError('INTERRUPTED', 'Interrupted.'));
      };
      const settle =
        <T>(then: (value: T) => void) =>
        (value: T): void => {
          signal?.removeEventListener('abort', onAbort);
          then(value);
        };
      pending.set(id, {
        onEvent: onEvent as PendingCall['onEvent'],
        resolve: settle(resolve as (result: unknown) => void),
        reject: settle(reject),
      });
      signal?.addEventListener('abort', onAbort, {once: true});
      sendMessage(socket, {id, method, params});
    });
  };
  const token = await readToken();
  const hello = await Promise.race([call('hello', {workspace, token}).catch(() => 'nobody' as const), after(withinMs)]);
  if (typeof hello === 'string') {
    socket.destroy();
    return hello;
  }
  // The same folder may be reached by several paths.
  if (hello.workspace !== workspace && (await workspaceId(hello.workspace)) !== (await workspaceId(workspace))) {
    socket.destroy();
    throw new LabError(
      'SOCKET_NOT_OURS',
      `${socketPath} belongs to the controller of ${hello.workspace}, not of ${workspace}.`,
    );
  }
  return {
    session: hello.session,
    pid: hello.pid,
    call: async (method, params, onEvent, signal) => {
      if (method !== 'down') return call(method, params, onEvent, signal);
      // The system is down once its controller has ended as well: the next command must not meet it on its way out.
      const controller = {pid: hello.pid, startTime: processStartTime(hello.pid) ?? ''};
      const result = await call(method, params, onEvent, signal);
      await waitUntil(() => !processIs(controller), END_WITHIN_MS);
      return result;
    },
    close: () => socket.destroy(),
  };
}

async function open(socketPath: string): Promise<Socket | undefined> {
  return new Promise(resolve => {
    const socket = connect(socketPath);
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}

async function after(ms: number): Promise<'silent'> {
  return new Promise(resolve => {
    setTimeout(() => resolve('silent'), ms).unref();
  });
}
