import {Readable} from 'node:stream';
import type {LinkAnswer, LinkRequest, Links} from '../kit/links.ts';
import type {Kit} from '../kit/service.ts';

/** Links on which what is called under a name of `local` is this process itself: a function call, and no network. */
export function withLocalCalls(
  {app, contexts, environment, links}: Pick<Kit, 'app' | 'contexts' | 'environment' | 'links'>,
  local: ReadonlySet<string>,
): Links {
  async function call({method, path, headers, body, signal}: LinkRequest): Promise<LinkAnswer> {
    signal?.throwIfAborted();
    const answer = await app.inject({
      method: method as 'GET',
      url: path,
      headers: {...contexts.outgoing(), ...headers},
      ...(body === undefined ? {} : {payload: typeof body === 'string' ? body : Buffer.from(body)}),
    });
    const text = answer.payload;
    return {
      status: answer.statusCode,
      headers: Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, asText(value)])),
      body: Object.assign(Readable.from([answer.rawPayload]), {
        json: async (): Promise<unknown> => JSON.parse(text),
        text: async () => text,
      }),
      node: environment.nodeName,
    };
  }
  return {
    request: (service, request) => (local.has(service) ? call(request) : links.request(service, request)),
    instances: service => links.instances(service),
    close: () => links.close(),
  };
}

function asText(value: number | string | string[] | undefined): string | string[] | undefined {
  return typeof value === 'number' ? String(value) : value;
}
