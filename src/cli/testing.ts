import type {ControllerClient} from '../controller/connection.ts';
import type {MethodName, Methods} from '../controller/protocol.ts';
import {type Context, createContext} from './context.ts';

/** Answers of a fake controller, by method. */
export type Answers = {
  readonly [M in MethodName]?: (
    params: Methods[M]['params'],
    emit: (event: Methods[M]['event']) => void,
  ) => Promise<Methods[M]['result']> | Methods[M]['result'];
};

export interface FakeRun {
  readonly context: Context;
  /** Everything written so far. */
  stdout(): string;
  stderr(): string;
  /** Methods called, in order, with their parameters. */
  readonly calls: readonly {readonly method: string; readonly params: unknown}[];
  readonly abort: AbortController;
}

/** A context that records what a command writes, with a controller that answers as told; without answers none is running. */
export function fakeRun(
  options: {readonly answers?: Answers; readonly json?: boolean; readonly workspace?: string} = {},
): FakeRun {
  const written: {readonly out: string[]; readonly err: string[]} = {out: [], err: []};
  const calls: {method: string; params: unknown}[] = [];
  const abort = new AbortController();
  const {answers} = options;
  const client: ControllerClient = {
    session: 'fake',
    pid: 1,
    call: async (method, params, onEvent) => {
      calls.push({method, params});
      const answer = answers?.[method];
      if (answer === undefined) throw new Error(`the fake has no answer to ${method}`);
      return answer(params, event => onEvent?.(event));
    },
    close: () => undefined,
  };
  const running = answers === undefined ? undefined : client;
  const context = createContext({
    json: options.json ?? false,
    debug: false,
    mayAsk: false,
    workspace: options.workspace ?? '/nowhere/teralab',
    stdout: {write: text => void written.out.push(text)},
    stderr: {write: text => void written.err.push(text)},
    signal: abort.signal,
    controllers: {
      find: async () => running,
      ensure: async () => client,
      list: async () => (running === undefined ? [] : [{workspace: context.workspace, session: 'fake', pid: 1}]),
    },
    updates: false,
    doing: () => undefined,
    withoutInterrupts: async run => run(),
  });
  return {context, stdout: () => written.out.join(''), stderr: () => written.err.join(''), calls, abort};
}
