import {timingSafeEqual} from 'node:crypto';
import {once} from 'node:events';
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';

export type Signal = 'traces' | 'metrics';

/** Largest body, bytes. */
export const BODY_BYTES_MAX = 4_194_304;
/** Bodies in hand at once; whoever comes on top is told to come again. */
export const BODIES_MAX = 16;
const REQUEST_WITHIN_MS = 10_000;

export interface ReceiverPlace {
  /** Default: the loopback interface. */
  readonly host?: string;
  /** Without one: a free one. */
  readonly port?: number;
  /** Whoever does not show it is refused. */
  readonly token: string;
}

export interface ReceiverOptions extends ReceiverPlace {
  /** Takes a body; settles with what is wrong with it, or undefined. */
  readonly take: (signal: Signal, body: Uint8Array) => Promise<string | undefined>;
}

export interface Receiver {
  /** `http://127.0.0.1:…` */
  readonly endpoint: string;
  close(): Promise<void>;
}

/** Takes OTLP/HTTP as JSON: `POST /v1/traces` and `POST /v1/metrics`. */
export async function startReceiver({host = '127.0.0.1', port = 0, token, take}: ReceiverOptions): Promise<Receiver> {
  const expected = Buffer.from(`Bearer ${token}`);
  let inHand = 0;
  const server = createServer({requestTimeout: REQUEST_WITHIN_MS}, (request, response) => {
    // A sender that goes away half-way is its own affair.
    request.on('error', () => undefined);
    const refusal = refuse(request, expected) ?? (inHand >= BODIES_MAX ? BUSY : undefined);
    if (refusal !== undefined) return answer(response, refusal.status, refusal.message);
    inHand += 1;
    void receive(request, response, take).finally(() => {
      inHand -= 1;
    });
  });
  server.listen(port, host);
  await once(server, 'listening');
  // It is there for others: it keeps no process alive.
  server.unref();
  return {
    endpoint: `http://${host}:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

interface Refusal {
  readonly status: number;
  readonly message: string;
}

const BUSY: Refusal = {status: 503, message: 'The receiver has its hands full; send it again.'};

function refuse({method, url = '', headers}: IncomingMessage, expected: Buffer): Refusal | undefined {
  const shown = Buffer.from(headers.authorization ?? '');
  if (shown.length !== expected.length || !timingSafeEqual(shown, expected))
    return {status: 401, message: 'The token of the session is missing.'};
  if (signalOf(url) === undefined) return {status: 404, message: 'Only /v1/traces and /v1/metrics are taken.'};
  if (method !== 'POST') return {status: 405, message: 'Only POST is taken.'};
  if (!/^application\/json\b/.test(headers['content-type'] ?? '') || headers['content-encoding'] !== undefined)
    return {status: 415, message: 'Only application/json is taken, and not compressed.'};
  if (Number(headers['content-length'] ?? 0) > BODY_BYTES_MAX) return TOO_LARGE;
  return undefined;
}

const TOO_LARGE: Refusal = {status: 413, message: `A body has ${BODY_BYTES_MAX} bytes at most.`};

function signalOf(url: string): Signal | undefined {
  if (url === '/v1/traces') return 'traces';
  return url === '/v1/metrics' ? 'metrics' : undefined;
}

async function receive(
  request: IncomingMessage,
  response: ServerResponse,
  take: ReceiverOptions['take'],
): Promise<void> {
  try {
    const body = await readBody(request);
    if (body === undefined) return answer(response, TOO_LARGE.status, TOO_LARGE.message);
    const wrong = await take(signalOf(request.url ?? '') ?? 'traces', body);
    if (wrong === undefined) answer(response, 200);
    else answer(response, 400, wrong);
  } catch {
    // The sender left, or there is nobody who takes it any more.
    answer(response, 503, BUSY.message);
  }
}

async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** OTLP's errors are a `Status` with a message. */
function answer(response: ServerResponse, status: number, message?: string): void {
  if (response.headersSent || response.destroyed) return;
  const body = JSON.stringify(message === undefined ? {} : {code: status, message});
  // What is left of a refused body is not read.
  const close = status === 200 || status === 400 ? {} : {connection: 'close'};
  response.writeHead(status, {'content-type': 'application/json', ...close}).end(body);
}
