import {Type} from 'typebox';
import type {App} from '../kit/server.ts';
import {ALGORITHM, type KeyRing} from './key-ring.ts';
import {ISSUER} from './tokens.ts';

/** What others need to verify tokens. */
export function serveWellKnown(app: App, keys: KeyRing): void {
  const jwks = Type.Object({keys: Type.Array(Type.Object({}, {additionalProperties: true}))});
  app.get('/.well-known/jwks.json', {schema: {response: {200: jwks}}}, (_request, reply) => {
    reply.header('cache-control', 'no-cache');
    return keys.publicKeys();
  });
  app.get(
    '/.well-known/openid-configuration',
    {schema: {response: {200: Type.Object({}, {additionalProperties: true})}}},
    request => ({
      issuer: ISSUER,
      jwks_uri: `${request.protocol}://${request.host}/.well-known/jwks.json`,
      id_token_signing_alg_values_supported: [ALGORITHM],
      subject_types_supported: ['public'],
      response_types_supported: [],
    }),
  );
}
