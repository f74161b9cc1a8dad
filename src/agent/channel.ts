import type {Socket} from 'node:net';
import type {Worker} from 'node:worker_threads';
import {onMessages, sendMessage} from '../wire.ts';
import type {CallMessage, ThreadMessage} from './messages.ts';

/** What calls and their answers go over: the port of a worker thread, or a connection to the agent's container. */
export interface Channel {
  /** @throws when the message cannot cross. */
  post(message: CallMessage): void;
  onMessage(listener: (message: ThreadMessage) => void): void;
  /** Told once that nothing more will come, and why. */
  onEnd(listener: (why: string, cause?: Error) => void): void;
  close(): Promise<void>;
}

export function workerChannel(worker: Worker): Channel {
  return {
    post: message => worker.postMessage(message),
    onMessage: listener => void worker.on('message', listener),
    onEnd: listener => {
      let cause: Error | undefined;
      worker.on('error', (error: Error) => {
        cause = error;
      });
      worker.on('exit', code =>
        listener(cause === undefined ? `exit code ${code}` : `${cause.message}\n${cause.stack ?? ''}`, cause),
      );
    },
    close: async () => {
      await worker.terminate();
    },
  };
}

/** JSON objects, one a line. */
export function socketChannel(socket: Socket): Channel {
  let cause: Error | undefined;
  const ended = new Promise<void>(resolve => {
    socket.once('close', () => resolve());
  });
  socket.on('error', error => {
    cause = error;
  });
  return {
    post: message => sendMessage(socket, message),
    onMessage: listener => onMessages<ThreadMessage>(socket, listener),
    onEnd: listener => void ended.then(() => listener(cause?.message ?? 'its connection was closed', cause)),
    close: async () => {
      socket.destroy();
      await ended;
    },
  };
}
