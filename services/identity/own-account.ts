import {Type} from 'typebox';
import {newId} from '../kit/ids.ts';
import type {App} from '../kit/server.ts';
import type {Kit} from '../kit/service.ts';
import {SIGNED_IN} from '../kit/signed-in.ts';
import {unauthorized} from '../kit/verify-access-token.ts';
import type {Access} from './access.ts';
import {AccountName} from './accounts.ts';
import {beginSaga} from './begin-saga.ts';
import {accountClosed, accountRenamed} from './events.ts';
import type {Publisher} from './seams/publisher.ts';
import type {Saga} from './seams/saga.ts';
import {endSessions} from './session-rows.ts';

const OwnAccount = Type.Object({
  id: Type.String(),
  name: Type.String(),
  createdAt: Type.String({format: 'date-time'}),
  roles: Type.Array(Type.String()),
});
const Changes = Type.Object({name: AccountName}, {additionalProperties: false});

/** What the signed-in account may see and do of itself. */
export function serveOwnAccount(
  app: App,
  {
    kit,
    publisher,
    saga,
    access,
  }: {readonly kit: Kit; readonly publisher: Publisher; readonly saga: Saga; readonly access: Access},
): void {
  const {clock, contexts, log} = kit;

  app.get(
    '/v1/accounts/me',
    {schema: {summary: 'The signed-in account', security: SIGNED_IN, response: {200: OwnAccount}}},
    async request => {
      const {account: id, name, createdAt, roles} = await access.signedIn(request.headers.authorization);
      return {id, name, createdAt: createdAt.toISOString(), roles: [...roles]};
    },
  );

  app.patch(
    '/v1/accounts/me',
    {schema: {summary: 'Change the account', security: SIGNED_IN, body: Changes, response: {200: OwnAccount}}},
    async request => {
      const {account: id, createdAt, roles} = await access.signedIn(request.headers.authorization);
      const {name} = request.body;
      await publisher.save(accountRenamed(newId(clock), {account: id, name}, contexts), async transaction => {
        const renamed = await transaction.query(
          'update accounts set name = $2 where id = $1 and closed_at is null returning 1',
          [id, name],
        );
        if (renamed.length === 0) throw gone();
      });
      return {id, name, createdAt: createdAt.toISOString(), roles: [...roles]};
    },
  );

  app.delete(
    '/v1/accounts/me',
    {schema: {summary: 'Close the account', security: SIGNED_IN, response: {204: Type.Null()}}},
    async (request, reply) => {
      const {account} = await access.signedIn(request.headers.authorization);
      await publisher.save(accountClosed(account, contexts), async transaction => {
        const closed = await transaction.query(
          'update accounts set closed_at = clock_timestamp() where id = $1 and closed_at is null returning 1',
          [account],
        );
        // Of two that close it at once only one does: the other's event must not go out.
        if (closed.length === 0) throw gone();
        await endSessions(transaction, {account}, 'account-closed');
        await transaction.query('delete from account_roles where account = $1', [account]);
        await saga.record(transaction, 'erase', account);
      });
      beginSaga(saga, 'erase', account, log);
      return reply.code(204).send(null);
    },
  );
}

function gone(): Error {
  return unauthorized('The account of this token is closed.');
}
