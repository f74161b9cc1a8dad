import {Type} from 'typebox';
import {newId} from '../kit/ids.ts';
import type {App} from '../kit/server.ts';
import type {Kit} from '../kit/service.ts';
import {SIGNED_IN} from '../kit/signed-in.ts';
import {unauthorized} from '../kit/verify-access-token.ts';
import type {Access} from './access.ts';
import {sessionFailed, sessionStarted} from './events.ts';
import {countFailure, forgetFailures, lockedFor, tooManyAttempts} from './lockout.ts';
import type {Passwords} from './passwords.ts';
import {untilActive} from './pending.ts';
import type {Publisher} from './seams/publisher.ts';
import type {Sessions} from './seams/sessions.ts';
import {endSessions} from './session-rows.ts';
import {PRINTABLE} from './text.ts';
import type {Tokens} from './tokens.ts';

export interface SessionParts {
  readonly kit: Kit;
  readonly publisher: Publisher;
  readonly passwords: Passwords;
  readonly tokens: Pick<Tokens, 'refreshKeys'>;
  readonly sessions: Sessions;
  readonly access: Access;
}

const Credentials = Type.Object(
  {
    account: Type.String({minLength: 1, maxLength: 200, pattern: PRINTABLE}),
    password: Type.String({minLength: 1, maxLength: 200}),
  },
  {additionalProperties: false},
);
const Refresh = Type.Object({refreshToken: Type.String({minLength: 1, maxLength: 200})}, {additionalProperties: false});
const Session = Type.Object({
  token: Type.String(),
  expiresAt: Type.String({format: 'date-time'}),
  refreshToken: Type.String(),
  refreshExpiresAt: Type.String({format: 'date-time'}),
});

export function serveSessions(app: App, {kit, publisher, passwords, tokens, sessions, access}: SessionParts): void {
  const {clock, contexts, database, log} = kit;

  app.post(
    '/v1/sessions',
    {config: {problems: [401, 429]}, schema: {summary: 'Sign in', body: Credentials, response: {201: Session}}},
    async (request, reply) => {
      const {account, password} = request.body;
      const wait = await lockedFor(database, account);
      if (wait > 0) throw tooManyAttempts(wait);
      const [row] = await database.query<{password_hash: string; pending: boolean}>(
        'select password_hash, activated_at is null as pending from accounts where id = $1 and closed_at is null',
        [account],
      );
      if (!(await passwords.verify(password, row?.password_hash, request.hop.deadline))) {
        // The same work for a name that no account has: neither the answer nor its time tells.
        const failed = sessionFailed(newId(clock), row === undefined ? {unknown: account} : {account}, contexts);
        await publisher.save(failed, transaction => countFailure(transaction, account));
        throw unauthorized('There is no such account, or the password is wrong.');
      }
      if (row?.pending === true) await untilActive(account, {database, clock, deadline: request.hop.deadline});
      await tokens.refreshKeys();
      const id = newId(clock);
      const session = await publisher.save(sessionStarted(id, account, contexts), async transaction => {
        await forgetFailures(transaction, account);
        // The account may have been closed while its password was checked; from here on it cannot be.
        const open = await transaction.query('select 1 from accounts where id = $1 and closed_at is null for share', [
          account,
        ]);
        if (open.length === 0) throw unauthorized('There is no such account, or the password is wrong.');
        return sessions.start(transaction, id, account);
      });
      return reply.code(201).header('cache-control', 'no-store').send(session);
    },
  );

  app.post(
    '/v1/sessions/refresh',
    {config: {problems: [401]}, schema: {summary: 'Stay signed in', body: Refresh, response: {200: Session}}},
    async (request, reply) => {
      const refreshed = await sessions.refresh(request.body.refreshToken);
      if (refreshed.outcome === 'refreshed') return reply.header('cache-control', 'no-store').send(refreshed.session);
      if (refreshed.outcome === 'reused') {
        log.warn({}, 'a refresh token was used again: its session was ended');
      }
      throw unauthorized('The refresh token is not valid, or not any more: sign in again.');
    },
  );

  app.delete(
    '/v1/sessions/current',
    {schema: {summary: 'Sign out', security: SIGNED_IN, response: {204: Type.Null()}}},
    async (request, reply) => {
      const {session} = await access.signedIn(request.headers.authorization);
      await endSessions(database, {session}, 'signed-out');
      return reply.code(204).send(null);
    },
  );
}
