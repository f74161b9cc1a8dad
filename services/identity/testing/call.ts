/** What came back of a request. */
export interface Answer {
  readonly status: number;
  /** Without its parameters; null where there is no body. */
  readonly type: string | null;
  readonly headers: Headers;
  readonly text: string;
  /** Empty where the answer is no JSON object. */
  readonly body: Readonly<Record<string, unknown>>;
}

export type Caller = (
  method: string,
  path: string,
  options?: {readonly token?: string; readonly authorization?: string; readonly body?: unknown},
) => Promise<Answer>;

export function createCaller(base: string): Caller {
  return async (
    method,
    path,
    {token, authorization = token === undefined ? undefined : `Bearer ${token}`, body} = {},
  ) => {
    const response = await fetch(base + path, {
      method,
      headers: {
        ...(authorization === undefined ? {} : {authorization}),
        ...(body === undefined ? {} : {'content-type': 'application/json'}),
      },
      ...(body === undefined ? {} : {body: JSON.stringify(body)}),
    });
    const text = await response.text();
    const type = response.headers.get('content-type')?.split(';')[0] ?? null;
    return {status: response.status, type, headers: response.headers, text, body: parse(text)};
  };
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}
