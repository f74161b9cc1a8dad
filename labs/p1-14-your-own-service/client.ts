import type {Random} from '../../src/random.ts';

const PATIENCE_MS = 5_000;

export interface Item {
  readonly id: string;
  readonly name: string;
  readonly quantity: number;
}

export interface Reply {
  /** Null where no answer came in time. */
  readonly status: number | null;
  readonly etag: string | undefined;
  readonly json: Readonly<Record<string, unknown>>;
}

export interface Client {
  send(method: string, path: string, options?: {readonly body?: unknown; readonly ifMatch?: string}): Promise<Reply>;
  /** The item, or undefined where it was not acknowledged. */
  add(name: string, quantity: number): Promise<Item | undefined>;
}

/** Clients of the run's own that look at one answer before they send the next request. Each request is a client of its own to the gateway's limit. */
export function createClient(base: string, random: Random): Client {
  const send: Client['send'] = async (method, path, {body, ifMatch} = {}) => {
    try {
      const response = await fetch(new URL(path, base), {
        method,
        headers: {
          'x-client-id': `reader-${random.hex(10)}`,
          ...(body === undefined ? {} : {'content-type': 'application/json'}),
          ...(ifMatch === undefined ? {} : {'if-match': ifMatch}),
        },
        ...(body === undefined ? {} : {body: JSON.stringify(body)}),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      const text = await response.text();
      return {status: response.status, etag: response.headers.get('etag') ?? undefined, json: objectIn(text)};
    } catch {
      return {status: null, etag: undefined, json: {}};
    }
  };
  return {
    send,
    add: async (name, quantity) => {
      const {status, json} = await send('POST', '/v1/items', {body: {name, quantity}});
      return status === 201 && typeof json.id === 'string' ? {id: json.id, name, quantity} : undefined;
    },
  };
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

/** Does `work` for each of the values, so many at once. */
export async function inParallel<T, R>(
  values: readonly T[],
  atOnce: number,
  work: (value: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  for (let index = 0; index < values.length; index += atOnce)
    results.push(...(await Promise.all(values.slice(index, index + atOnce).map(work))));
  return results;
}
