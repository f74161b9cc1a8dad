import type {Worker} from 'node:worker_threads';
import {fromErrorData, LabError} from '../errors.ts';
import type {CallMessage, ThreadMessage} from './messages.ts';

/** The methods of a port that can be called across threads. */
type MethodOf<Port> = {
  [Name in keyof Port]: Port[Name] extends (...args: never[]) => Promise<unknown> ? Name : never;
}[keyof Port] &
  string;
type ArgsOf<Method> = Method extends (...args: infer Args) => Promise<unknown> ? Args : never;
type ResultOf<Method> = Method extends (...args: never[]) => Promise<infer Result> ? Result : never;

/** A thread that answers calls. None is left without an answer: when the thread goes, all are rejected with NODE_GONE. */
export interface ThreadConnection<Port> {
  call<Name extends MethodOf<Port>>(method: Name, ...args: ArgsOf<Port[Name]>): Promise<ResultOf<Port[Name]>>;
  onEvent(listener: (event: string, data: unknown) => void): void;
  /** Settles when the thread can be called; rejects with NODE_GONE when it ends before. */
  readonly ready: Promise<void>;
  /** Settles when the thread has ended, with the reason. */
  readonly gone: Promise<LabError>;
  /** Ends the thread. */
  terminate(): Promise<void>;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: LabError): void;
}

export function connectThread<Port>(worker: Worker, name: string): ThreadConnection<Port> {
  const waiting = new Map<number, Waiting>();
  const listeners: ((event: string, data: unknown) => void)[] = [];
  let calls = 0;
  let cause: Error | undefined;
  let end: LabError | undefined;

  const ready = deferred<void>();
  const gone = deferred<LabError>();
  ready.promise.catch(() => {});

  const answer = (message: Extract<ThreadMessage, {call: number}>): void => {
    const waiter = waiting.get(message.call);
    waiting.delete(message.call);
    if ('error' in message) waiter?.reject(fromErrorData(message.error));
    else waiter?.resolve(message.result);
  };
  worker.on('message', (message: ThreadMessage) => {
    if ('ready' in message) ready.resolve();
    else if ('event' in message) for (const listener of listeners) listener(message.event, message.data);
    else answer(message);
  });
  worker.on('error', (error: Error) => {
    cause = error;
  });
  worker.on('exit', code => {
    const why = cause === undefined ? `exit code ${code}` : `${cause.message}\n${cause.stack ?? ''}`;
    end = new LabError('NODE_GONE', `The ${name} thread has ended: ${why}`, cause === undefined ? {} : {cause});
    for (const {reject} of waiting.values()) reject(end);
    waiting.clear();
    ready.reject(end);
    gone.resolve(end);
  });

  return {
    call: (method, ...args) =>
      new Promise((resolve, reject) => {
        if (end !== undefined) {
          reject(end);
          return;
        }
        const call = ++calls;
        waiting.set(call, {resolve: result => resolve(result as never), reject});
        try {
          worker.postMessage({call, method, args} satisfies CallMessage);
        } catch (error) {
          waiting.delete(call);
          reject(error);
        }
      }),
    onEvent: listener => {
      listeners.push(listener);
    },
    ready: ready.promise,
    gone: gone.promise,
    terminate: async () => {
      await worker.terminate();
    },
  };
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return {promise, resolve, reject};
}
