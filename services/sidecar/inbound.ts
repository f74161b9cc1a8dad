import {Agent, type IncomingMessage, request, type ServerResponse} from 'node:http';
import type {Logger} from '../kit/logger.ts';
import {answerProblem} from './problem-answer.ts';
import type {IdentityPolicy} from './seams/identity-policy.ts';
import type {SidecarSettings} from './settings.ts';
import type {WorkloadId} from './workload-id.ts';

export interface Inbound {
  /** Hands a request on to the app, if its sender may ask. */
  take(request: IncomingMessage, response: ServerResponse, peer: WorkloadId | undefined): void;
  /** Whether the app can do its work. Rejects where it cannot. */
  ready(): Promise<void>;
  close(): void;
}

/** Headers by which the app learns who asks; nobody else may set them. */
const PEER_HEADER = 'x-peer-service';

export function createInbound(settings: SidecarSettings, policy: IdentityPolicy, log: Logger): Inbound {
  const agent = new Agent({keepAlive: true});
  const to = {socketPath: settings.app, agent};

  function forward(incoming: IncomingMessage, response: ServerResponse, peer: WorkloadId | undefined): void {
    const {method = 'GET', url = '/', headers} = incoming;
    const {[PEER_HEADER]: _, ...kept} = headers;
    const own = peer === undefined ? kept : {...kept, [PEER_HEADER]: peer.service};
    const outgoing = request({...to, method, path: url, headers: own}, answer => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    outgoing.on('error', error => {
      if (!response.destroyed) log.warn({err: error}, 'the app does not answer');
      answerProblem(response, 503, `${settings.service} does not answer its sidecar.`);
    });
    response.on('close', () => {
      if (!response.writableFinished) outgoing.destroy();
    });
    incoming.pipe(outgoing);
  }

  return {
    take(incoming, response, peer) {
      const {method = 'GET', url: path = '/'} = incoming;
      if (policy.allows({method, path, peer})) return forward(incoming, response, peer);
      log.warn({method, path, peer: peer?.node ?? null}, 'refused');
      incoming.resume();
      answerProblem(response, 403, `${settings.service} hears only those that it knows.`);
    },
    ready: () =>
      new Promise((resolve, reject) => {
        const asked = request({...to, path: '/readyz'}, answer => {
          answer.resume();
          if (answer.statusCode === 200) resolve();
          else reject(new Error(`The app answers ${answer.statusCode}.`));
        });
        asked.on('error', reject).end();
      }),
    close: () => agent.destroy(),
  };
}
