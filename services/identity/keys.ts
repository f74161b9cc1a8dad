import {Type} from 'typebox';
import type {App} from '../kit/server.ts';
import {SIGNED_IN} from '../kit/signed-in.ts';
import type {Access} from './access.ts';
import type {KeyRing} from './key-ring.ts';

const Rotation = Type.Object(
  {compromised: Type.Optional(Type.Boolean({description: 'Without waiting; tokens of all keys before are refused.'}))},
  {additionalProperties: false},
);
const Rotated = Type.Object({current: Type.String(), published: Type.Array(Type.String())});

/** Rotation of the signing keys, by accounts with the permission `keys:rotate` and by the operator. */
export function serveKeys(app: App, {keys, access}: {readonly keys: KeyRing; readonly access: Access}): void {
  const summary = 'Rotate the signing keys';
  const config = {problems: [403, 409]};
  const schema = {summary, security: SIGNED_IN, body: Type.Union([Rotation, Type.Null()]), response: {200: Rotated}};
  app.post('/v1/keys/rotate', {config, schema}, async request => {
    await access.permitted(request.headers.authorization, 'keys:rotate');
    await keys.rotate({compromised: request.body?.compromised === true});
    return {current: keys.current().kid, published: keys.publicKeys().keys.map(({kid = ''}) => kid)};
  });
}
