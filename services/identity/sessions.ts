import {Type} from 'typebox';
import {newId} from '../kit/ids.ts';
import type {App} from '../kit/server.ts';
import type {Kit} from '../kit/service.ts';
import {sessionStarted} from './events.ts';
import type {Passwords} from './passwords.ts';
import type {Publisher} from './seams/publisher.ts';
import {type Tokens, unauthorized} from './tokens.ts';

export interface SessionParts {
  readonly kit: Kit;
  readonly publisher: Publisher;
  readonly passwords: Passwords;
  readonly tokens: Tokens;
}

const Credentials = Type.Object(
  {account: Type.String({minLength: 1, maxLength: 200}), password: Type.String({minLength: 1, maxLength: 200})},
  {additionalProperties: false},
);
const Session = Type.Object({token: Type.String(), expiresAt: Type.String({format: 'date-time'})});

export function serveSessions(app: App, {kit, publisher, passwords, tokens}: SessionParts): void {
  const {clock, contexts, database} = kit;
  app.post('/v1/sessions', {schema: {body: Credentials, response: {201: Session}}}, async (request, reply) => {
    const {account, password} = request.body;
    const [row] = await database.query<{password_hash: string}>('select password_hash from accounts where id = $1', [
      account,
    ]);
    if (!(await passwords.verify(password, row?.password_hash, request.hop.deadline))) {
      throw unauthorized('There is no such account, or the password is wrong.');
    }
    const session = await tokens.issue(account);
    await publisher.save(sessionStarted(newId(clock), account, contexts), () => Promise.resolve());
    return reply.code(201).header('cache-control', 'no-store').send(session);
  });
}
