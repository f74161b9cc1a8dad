import {once} from 'node:events';
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {Instance} from '../links.ts';

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A real HTTP server that records what it gets and answers as it is told. */
export interface TestUpstream extends AsyncDisposable {
  readonly instance: Instance;
  readonly received: readonly ReceivedRequest[];
  /** Connections that its callers have closed so far. */
  readonly closed: number;
  /** How it answers from now on; a handler that does nothing leaves the caller waiting. */
  answer(handler: (request: ReceivedRequest, response: ServerResponse) => void): void;
}

export async function startUpstream(
  node: string,
  handler: (request: ReceivedRequest, response: ServerResponse) => void = echo,
): Promise<TestUpstream> {
  const received: ReceivedRequest[] = [];
  let current = handler;
  let closed = 0;
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const {method = '', url: path = '', headers} = request;
    const entry = {method, path, headers, body: Buffer.concat(chunks).toString()};
    received.push(entry);
    current(entry, response);
  }).listen(0, '127.0.0.1');
  server.on('connection', socket =>
    socket.on('close', () => {
      closed += 1;
    }),
  );
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    instance: {node, url: `http://127.0.0.1:${address.port}`},
    received,
    get closed() {
      return closed;
    },
    answer(next) {
      current = next;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}

/** Answers with a JSON document. */
export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {'content-type': 'application/json'}).end(JSON.stringify(body));
}

function echo({method, path, body}: ReceivedRequest, response: ServerResponse): void {
  json(response, 200, {method, path, body});
}
