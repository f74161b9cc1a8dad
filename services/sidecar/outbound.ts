import {rm} from 'node:fs/promises';
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import {Agent, request} from 'node:https';
import type {PeerCertificate} from 'node:tls';
import type {Logger} from '../kit/logger.ts';
import {answerProblem} from './problem-answer.ts';
import type {FailedAttempt, RetryPolicy} from './seams/retry-policy.ts';
import type {OutboundSpec, SidecarIdentity} from './settings.ts';
import {workloadOf} from './workload-id.ts';

const CONNECTIONS_MAX = 128;
const CONNECT_WITHIN_MS = 2_000;
/** Largest body, bytes: services take no larger one. It is kept until there is an answer, so that it can be sent again. */
const BODY_BYTES_MAX = 1_048_576;

export interface OutboundTools {
  readonly identity: SidecarIdentity;
  readonly policy: RetryPolicy;
  readonly log: Logger;
}

/** Listens on a unix socket for what the app asks of one instance, and asks it over mutual TLS. Returns what closes it. */
export async function openOutbound(spec: OutboundSpec, {identity, policy, log}: OutboundTools): Promise<() => void> {
  const agent = new Agent({
    ...identity,
    keepAlive: true,
    maxSockets: CONNECTIONS_MAX,
    // Names are those of services, not of hosts; what counts is who the certificate speaks for.
    servername: spec.service,
    checkServerIdentity: (_, certificate) => checkCallee(spec, certificate),
  });

  function attempt(incoming: IncomingMessage, response: ServerResponse, body: Buffer, count: number): void {
    const {method = 'GET', url: path = '/', headers} = incoming;
    let isConnected = false;
    const asked = request(
      {agent, host: spec.host, port: spec.port, method, path, headers: withoutHop(headers, body)},
      answer => {
        policy.answered?.(spec.service);
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
        answer.on('error', () => response.destroy());
      },
    );
    let timer: NodeJS.Timeout | undefined;
    asked.on('socket', socket => {
      if (!socket.connecting) {
        isConnected = true;
        return;
      }
      timer = setTimeout(() => asked.destroy(new Error('the connection was not made in time')), CONNECT_WITHIN_MS);
      socket.once('secureConnect', () => {
        isConnected = true;
        clearTimeout(timer);
      });
    });
    const giveUp = (): void => void asked.destroy();
    response.once('close', giveUp);
    asked.on('error', error => {
      clearTimeout(timer);
      response.off('close', giveUp);
      if (response.destroyed || response.headersSent) return void response.destroy();
      const how: FailedAttempt['how'] = isConnected ? 'lost' : 'unsent';
      if (policy.again({service: spec.service, method, attempt: count, how}))
        return attempt(incoming, response, body, count + 1);
      log.warn({err: error, to: spec.node, attempts: count, how}, 'not reached');
      answerProblem(response, how === 'unsent' ? 503 : 502, `${spec.node} was not reached.`);
    });
    asked.end(body);
  }

  const server = createServer((incoming, response) => {
    readBody(incoming).then(
      body => {
        if (body === undefined) answerProblem(response, 413, `A body has ${BODY_BYTES_MAX} bytes at most.`);
        else attempt(incoming, response, body, 1);
      },
      () => response.destroy(),
    );
  });
  await listenOn(server, spec.socket);
  return () => {
    server.closeAllConnections();
    server.close();
    agent.destroy();
  };
}

/** The instance that was meant, and no other that the authority has signed for. */
function checkCallee({service, node}: OutboundSpec, certificate: PeerCertificate): Error | undefined {
  const callee = workloadOf(certificate);
  if (callee?.service === service && callee.node === node) return undefined;
  return new Error(`${node} was asked for, and ${callee?.node ?? 'somebody unknown'} was there.`);
}

/** Of what concerns one connection only the length goes on: the body is whole. */
function withoutHop(headers: IncomingMessage['headers'], body: Buffer): Record<string, string | string[] | number> {
  const {connection: _, 'transfer-encoding': __, 'keep-alive': ___, ...kept} = headers;
  const known = Object.entries(kept).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return {...Object.fromEntries(known), ...(body.length === 0 ? {} : {'content-length': body.length})};
}

async function readBody(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A socket that a killed process left behind is in the way. */
async function listenOn(server: Server, path: string): Promise<void> {
  await rm(path, {force: true});
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
}
