import {createServer} from 'node:https';
import type {TLSSocket} from 'node:tls';
import type {ServiceDefinition} from '../kit/service.ts';
import {createInbound} from './inbound.ts';
import {openOutbound} from './outbound.ts';
import {createIdentityPolicy} from './seams/identity-policy.default.ts';
import type {CreateIdentityPolicy} from './seams/identity-policy.ts';
import {createRetryPolicy} from './seams/retry-policy.default.ts';
import type {CreateRetryPolicy} from './seams/retry-policy.ts';
import type {SidecarIdentity, SidecarSettings} from './settings.ts';
import {answerOnly, tellApart} from './tell-apart.ts';
import {workloadOf} from './workload-id.ts';

/** What the sidecar says of itself, to whoever watches over it. Readiness is that of both. */
const HEALTH = new Set(['/livez', '/readyz']);

/**
 * Stands beside one instance of a service, which listens on a unix socket and is reached through it alone. Between sidecars all is mutual
 * TLS: both sides show a certificate of the lab's authority. One port takes both TLS and plain text; plain text is answered where the identity policy allows
 * it, and otherwise only to whoever asks for its health.
 */
export function sidecar({
  settings,
  identity,
}: {
  readonly settings: SidecarSettings;
  readonly identity: SidecarIdentity;
}): ServiceDefinition {
  return {
    name: 'sidecar',
    async build(kit) {
      const {app, log} = kit;
      const policy = await kit.seam<CreateIdentityPolicy>(
        'identity-policy',
        'createIdentityPolicy',
        createIdentityPolicy,
      );
      const retries = await kit.seam<CreateRetryPolicy>('retry-policy', 'createRetryPolicy', createRetryPolicy);
      const inbound = createInbound(settings, policy(settings), log);
      const secure = createServer({...identity, requestCert: true, rejectUnauthorized: true}, (request, response) => {
        const peer = workloadOf((request.socket as TLSSocket).getPeerCertificate());
        if (peer === undefined) response.destroy();
        else inbound.take(request, response, peer);
      });
      secure.on('tlsClientError', error => log.warn({err: error}, 'a TLS handshake failed'));
      tellApart(app.server, secure);
      answerOnly(HEALTH, app.server, (request, response) => inbound.take(request, response, undefined));
      kit.onReady('app', () => inbound.ready());
      kit.onStart(async () => {
        const policyOfAll = retries();
        const opened = await Promise.all(
          settings.outbound.map(spec => openOutbound(spec, {identity, policy: policyOfAll, log})),
        );
        kit.onStop(async () => {
          for (const close of opened) close();
        });
      });
      kit.onStop(async () => {
        secure.closeAllConnections();
        inbound.close();
      });
    },
  };
}
