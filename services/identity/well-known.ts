import type {JWK} from 'jose';
import {Type} from 'typebox';
import type {App} from '../kit/server.ts';
import {ALGORITHM, ISSUER} from '../kit/verify-access-token.ts';
import type {EndedSessions} from './ended-sessions.ts';
import type {KeyRing} from './key-ring.ts';

const PublicKey = Type.Unsafe<JWK>(
  Type.Object({kid: Type.String(), kty: Type.String(), alg: Type.String()}, {additionalProperties: true}),
);
const KeySet = Type.Object({
  keys: Type.Array(PublicKey),
  ended_sessions: Type.Array(Type.String(), {
    description: 'The `sid` of access tokens that are worth nothing any more, although they have not expired.',
  }),
});
const Configuration = Type.Object({issuer: Type.String(), jwks_uri: Type.String()}, {additionalProperties: true});

/** What others need to verify tokens. */
export function serveWellKnown(app: App, {keys, ended}: {readonly keys: KeyRing; readonly ended: EndedSessions}): void {
  app.get(
    '/.well-known/jwks.json',
    {schema: {summary: 'Keys that tokens are verified with', response: {200: KeySet}}},
    async (_request, reply) => {
      await Promise.all([keys.refresh(), ended.refresh()]);
      reply.header('cache-control', 'no-cache');
      return {...keys.publicKeys(), ended_sessions: [...ended.list()]};
    },
  );
  app.get(
    '/.well-known/openid-configuration',
    {schema: {summary: 'Where things are', response: {200: Configuration}}},
    request => ({
      issuer: ISSUER,
      jwks_uri: `${request.protocol}://${request.host}/.well-known/jwks.json`,
      id_token_signing_alg_values_supported: [ALGORITHM],
      subject_types_supported: ['public'],
      response_types_supported: [],
    }),
  );
}
