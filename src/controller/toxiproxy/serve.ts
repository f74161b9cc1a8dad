import {randomBytes} from 'node:crypto';
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import {LabError} from '../../errors.ts';
import type {Api} from '../../fabric/api/api.ts';
import {type ApiReply, Refusal, refused} from '../../fabric/api/reply.ts';

/** The Toxiproxy API as it is served. */
export interface ToxiproxyApi {
  readonly url: string;
  readonly port: number;
  /** Ends all that is under way. */
  close(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';
const BODY_BYTES_MAX = 1024 * 1024;
/** Toxiproxy's own bounds, in ms. */
const READ_TIMEOUT_MS = 15_000;
const HANDLER_TIMEOUT_MS = 25_000;
const IDLE_TIMEOUT_MS = 60_000;

/** Serves the API on the loopback interface; port 0 is any free one. Errors: PORT_TAKEN, NOT_ALLOWED. */
export async function serve(port: number, api: Api): Promise<ToxiproxyApi> {
  const server = createServer(
    {requestTimeout: READ_TIMEOUT_MS, keepAliveTimeout: IDLE_TIMEOUT_MS},
    (request, reply) => {
      void answer(api, request)
        .catch(() => undefined)
        .then(answered => {
          if (answered === undefined) reply.destroy();
          else send(reply, answered);
        });
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(port, error)));
    server.listen(port, LOOPBACK, resolve);
  });
  // Errors of accept concern one client.
  server.on('error', () => undefined);
  const bound = server.address();
  const listening = typeof bound === 'object' && bound !== null ? bound.port : port;
  return {
    url: `http://${LOOPBACK}:${listening}`,
    port: listening,
    close: async () => {
      const closed = new Promise<void>(resolve => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Undefined: the client went away, or sends what is no request. */
async function answer(api: Api, request: IncomingMessage): Promise<ApiReply | undefined> {
  const body = await readBody(request);
  if (body === undefined) return refused(new Refusal(413, `the request body is larger than ${BODY_BYTES_MAX} bytes`));
  const {method = '', url = '', headers} = request;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<ApiReply>(resolve => {
    const refusal = new Refusal(503, `there was no answer within ${HANDLER_TIMEOUT_MS / 1000} s`);
    timer = setTimeout(() => resolve(refused(refusal)), HANDLER_TIMEOUT_MS);
  });
  const handled = api.handle({method, url, userAgent: headers['user-agent'] ?? '', body});
  return Promise.race([handled, late]).finally(() => clearTimeout(timer));
}

/** Undefined: it is too long. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= BODY_BYTES_MAX) chunks.push(chunk);
    // What comes after is read and forgotten, so that the client gets to read the answer; but not without end.
    else if (length > BODY_BYTES_MAX * 16) return undefined;
  }
  return length > BODY_BYTES_MAX ? undefined : Buffer.concat(chunks).toString('utf8');
}

function send(reply: ServerResponse, {status, headers, body}: ApiReply): void {
  reply.writeHead(status, {
    ...headers,
    'x-toxiproxy-request-id': randomBytes(10).toString('hex'),
    ...(status === 204 ? {} : {'content-length': Buffer.byteLength(body)}),
    ...(status === 413 ? {connection: 'close'} : {}),
  });
  reply.end(body);
}

function cannotListen(port: number, error: NodeJS.ErrnoException): LabError {
  if (error.code === 'EADDRINUSE')
    return new LabError('PORT_TAKEN', `The Toxiproxy API was to listen on port ${port}, which another process has.`);
  return new LabError('NOT_ALLOWED', `The Toxiproxy API could not listen on port ${port}: ${error.message}.`);
}
