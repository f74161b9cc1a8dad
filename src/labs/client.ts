import type {Random} from '../random.ts';

const PATIENCE_MS = 5_000;

/** What a client of a lab's own was answered. */
export interface Reply {
  /** Null where no answer came in time. */
  readonly status: number | null;
  readonly etag: string | undefined;
  /** Empty where the body is no JSON object. */
  readonly json: Readonly<Record<string, unknown>>;
}

export type SendRequest = (
  method: string,
  path: string,
  options?: {readonly body?: unknown; readonly ifMatch?: string},
) => Promise<Reply>;

/**
 * For clients that look at one answer before they send the next request, which a load of independent operations cannot do. Each request
 * is a client of its own to the gateway's limit. Never rejects.
 */
export function createSend(base: string, random: Random): SendRequest {
  return async (method, path, {body, ifMatch} = {}) => {
    try {
      const response = await fetch(new URL(path, base), {
        method,
        headers: {
          'x-client-id': `lab-${random.hex(10)}`,
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
