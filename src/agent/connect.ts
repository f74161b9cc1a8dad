import {fromErrorData, LabError} from '../errors.ts';
import type {Channel} from './channel.ts';
import type {ThreadMessage} from './messages.ts';

/** The methods of a port that can be called from elsewhere. */
type MethodOf<Port> = {
  [Name in keyof Port]: Port[Name] extends (...args: never[]) => Promise<unknown> ? Name : never;
}[keyof Port] &
  string;
type ArgsOf<Method> = Method extends (...args: infer Args) => Promise<unknown> ? Args : never;
type ResultOf<Method> = Method extends (...args: never[]) => Promise<infer Result> ? Result : never;

/** A part of the agent that answers calls. None is left without an answer: when it goes, all are rejected with NODE_GONE. */
export interface AgentConnection<Port> {
  call<Name extends MethodOf<Port>>(method: Name, ...args: ArgsOf<Port[Name]>): Promise<ResultOf<Port[Name]>>;
  onEvent(listener: (event: string, data: unknown) => void): void;
  /** Settles when it can be called; rejects with NODE_GONE when it ends before. */
  readonly ready: Promise<void>;
  /** Settles when it has ended, with the reason. */
  readonly gone: Promise<LabError>;
  /** Ends it, or the connection to it. */
  terminate(): Promise<void>;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: LabError): void;
}

/** Calls what is at the other end of a channel; `name` is for its errors. */
export function connect<Port>(channel: Channel, name: string): AgentConnection<Port> {
  const waiting = new Map<number, Waiting>();
  const listeners: ((event: string, data: unknown) => void)[] = [];
  let calls = 0;
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
  channel.onMessage(message => {
    if ('ready' in message) ready.resolve();
    else if ('event' in message) for (const listener of listeners) listener(message.event, message.data);
    else answer(message);
  });
  channel.onEnd((why, cause) => {
    end = new LabError('NODE_GONE', `The ${name} has ended: ${why}`, cause === undefined ? {} : {cause});
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
          channel.post({call, method, args});
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
    terminate: async () => channel.close(),
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
