import {createApi} from '../../fabric/api/api.ts';
import {startTestSystem, type TestSystem} from '../../faults/testing.ts';
import type {Place} from '../bypasses.ts';
import {livePort} from './live-port.ts';
import {serve} from './serve.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Of a body that is JSON. */
  json<T = unknown>(): T;
}

/** The API as it is served, over the real fabric and the real fault engine. Disposing it leaves nothing open. */
export interface TestApi extends AsyncDisposable {
  readonly system: TestSystem;
  readonly url: string;
  readonly port: number;
  /** What was no `LabError`. */
  readonly internalErrors: readonly unknown[];
  ownPlaces(): readonly Place[];
  call(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

export async function startTestApi(runtime = 'process'): Promise<TestApi> {
  const system = await startTestSystem();
  const internalErrors: unknown[] = [];
  const {fabric, engine} = system;
  const port = livePort(() => ({agent: {fabric}, faults: engine, runtime: {name: runtime}}));
  const served = await serve(
    0,
    createApi(port, error => internalErrors.push(error)),
  );
  return {
    system,
    url: served.url,
    port: served.port,
    internalErrors,
    ownPlaces: () => port.ownPlaces(),
    call: async (method, path, body, headers = {}) => {
      const reply = await fetch(`${served.url}${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : {body: typeof body === 'string' ? body : JSON.stringify(body)}),
      });
      const text = await reply.text();
      return {status: reply.status, headers: reply.headers, text, json: () => JSON.parse(text)};
    },
    [Symbol.asyncDispose]: async () => {
      await served.close();
      await system[Symbol.asyncDispose]();
    },
  };
}
