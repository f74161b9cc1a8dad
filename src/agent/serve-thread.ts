import {type MessagePort, parentPort} from 'node:worker_threads';
import {LabError, toErrorData} from '../errors.ts';
import type {CallMessage, ThreadMessage} from './messages.ts';

/** What a thread can be asked: functions that take and return plain data. */
export type Handlers = Readonly<Record<string, (...args: never[]) => Promise<unknown>>>;

export interface ThreadEvents {
  emit(event: string, data: unknown): void;
}

/** Answers the calls of the main thread until it ends this one. Errors cross as data, with their code. */
export function serveThread(
  makeHandlers: (events: ThreadEvents) => Handlers,
  port: MessagePort | null = parentPort,
): void {
  if (port === null) throw new LabError('INTERNAL', 'This file is the entry of a worker thread.');
  const send = (message: ThreadMessage): void => port.postMessage(message);
  const handlers = makeHandlers({emit: (event, data) => send({event, data})});
  port.on('message', async ({call, method, args}: CallMessage) => {
    try {
      const handler = Object.hasOwn(handlers, method) ? handlers[method] : undefined;
      if (handler === undefined) throw new LabError('INTERNAL', `The thread has no method \`${method}\`.`);
      send({call, result: await handler(...(args as never[]))});
    } catch (error) {
      // A result that cannot be cloned ends here too, so that no call is left without an answer.
      send({call, error: toErrorData(error)});
    }
  });
  send({ready: true});
}
