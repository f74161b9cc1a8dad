import {timingSafeEqual} from 'node:crypto';
import {createServer, type IncomingMessage} from 'node:http';
import type {Socket} from 'node:net';
import {Worker} from 'node:worker_threads';
import {onMessages, sendMessage} from '../wire.ts';
import {AGENT_PARTS, AGENT_PROTOCOL, type AgentPart, type CallMessage, type ThreadMessage} from './messages.ts';
import {TELEMETRY_PORT, telemetryToken} from './remote-telemetry.ts';
import type {ThreadSettings} from './thread-settings.ts';

/**
 * The agent in a container of its own: the same threads, behind an HTTP port. `GET /fabric`, `GET /load` and `GET /telemetry` with the session's token
 * are upgraded to the lines of JSON that the threads speak; `GET /livez` is for the engine's health check. One connection per part: a
 * later one takes the place of an earlier one.
 *
 * | variable | meaning |
 * | --- | --- |
 * | `AGENT_PORT` | where to listen (default 7070) |
 * | `AGENT_TOKEN` | what a caller has to know |
 * | `AGENT_HOST` | the name by which nodes reach this container |
 * | `AGENT_TELEMETRY_PORT` | where services send OTLP/HTTP (default 4318), with a token that is made from the agent's |
 */
const {
  AGENT_PORT = '7070',
  AGENT_TOKEN = '',
  AGENT_HOST = 'agent',
  AGENT_TELEMETRY_PORT = String(TELEMETRY_PORT),
} = process.env;
const settings: ThreadSettings = {
  places: {bindHost: '0.0.0.0', advertisedHost: AGENT_HOST},
  carryLedgers: true,
  receiver: {host: '0.0.0.0', port: Number(AGENT_TELEMETRY_PORT), token: telemetryToken(AGENT_TOKEN)},
};

if (AGENT_TOKEN.length < 16) {
  process.stderr.write('agent: AGENT_TOKEN has to be set, with 16 characters or more.\n');
  process.exit(78);
}

const parts = new Map(AGENT_PARTS.map(part => [part, startPart(part)]));
const server = createServer((request, reply) => {
  if (request.method === 'GET' && request.url === '/livez') reply.writeHead(200).end('ok\n');
  else reply.writeHead(404).end();
});
server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
  socket.on('error', () => undefined);
  const part = AGENT_PARTS.find(name => request.url === `/${name}`);
  if (part === undefined || request.headers.upgrade !== AGENT_PROTOCOL || !knowsToken(request)) {
    socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    return;
  }
  socket.setNoDelay(true);
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${AGENT_PROTOCOL}\r\nConnection: Upgrade\r\n\r\n`);
  parts.get(part)?.(socket);
});
server.listen(Number(AGENT_PORT), '0.0.0.0', () => process.stdout.write(`agent: listening on ${AGENT_PORT}\n`));
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0));

/** Starts a thread and returns what gives it a connection. */
function startPart(part: AgentPart): (socket: Socket) => void {
  const worker = new Worker(new URL(`./${part}-thread.mjs`, import.meta.url), {name: part, workerData: settings});
  let current: Socket | undefined;
  let isReady = false;
  worker.on('message', (message: ThreadMessage) => {
    if ('ready' in message) isReady = true;
    if (current !== undefined) sendMessage(current, message);
  });
  worker.on('error', error => process.stderr.write(`agent: the ${part} thread: ${error.stack ?? error.message}\n`));
  worker.on('exit', () => process.exit(1));
  return socket => {
    current?.destroy();
    current = socket;
    onMessages<CallMessage>(socket, message => worker.postMessage(message));
    if (isReady) sendMessage(socket, {ready: true});
  };
}

function knowsToken({headers}: IncomingMessage): boolean {
  const given = Buffer.from(headers.authorization ?? '');
  const expected = Buffer.from(`Bearer ${AGENT_TOKEN}`);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
