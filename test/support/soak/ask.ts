/** What came back; status 0: nothing did. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export type Ask = (
  method: string,
  path: string,
  options: {
    /** Who asks: limits are by client. */
    readonly client: string;
    readonly token?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: unknown;
  },
) => Promise<Answer>;

/** Longer than the gateway waits for anybody, so that most requests are answered, by a refusal if need be. */
const WITHIN_MS = 6_000;

/** Asks the gateways in turn. Never rejects. */
export function createAsk(gateways: readonly string[]): Ask {
  let turn = 0;
  return async (method, path, {client, token, headers, body}) => {
    turn += 1;
    try {
      const response = await fetch(`${gateways[turn % gateways.length]}${path}`, {
        method,
        headers: {
          'x-client-id': client,
          ...(token === undefined ? {} : {authorization: `Bearer ${token}`}),
          ...(body === undefined ? {} : {'content-type': 'application/json'}),
          ...headers,
        },
        ...(body === undefined ? {} : {body: JSON.stringify(body)}),
        signal: AbortSignal.timeout(WITHIN_MS),
      });
      const text = await response.text();
      return {status: response.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)};
    } catch {
      return {status: 0, body: {}};
    }
  };
}
