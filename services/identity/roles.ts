import {Type} from 'typebox';
import type {Queryable} from '../kit/database.ts';
import {newId} from '../kit/ids.ts';
import {Problem} from '../kit/problem.ts';
import type {App} from '../kit/server.ts';
import type {Kit} from '../kit/service.ts';
import {SIGNED_IN} from '../kit/signed-in.ts';
import type {Access} from './access.ts';
import {rolesGranted} from './events.ts';
import {ROLES} from './permissions.ts';
import type {Publisher} from './seams/publisher.ts';
import {PRINTABLE} from './text.ts';

const AccountPath = Type.Object({id: Type.String({minLength: 1, maxLength: 200, pattern: PRINTABLE})});
const Roles = Type.Object(
  {roles: Type.Array(Type.Union(ROLES.map(role => Type.Literal(role))), {uniqueItems: true, maxItems: ROLES.length})},
  {additionalProperties: false},
);
const AccountRoles = Type.Object({account: Type.String(), roles: Type.Array(Type.String())});

/** Which roles an account has: the whole list is put in the place of the one before. */
export function serveRoles(
  app: App,
  {kit, publisher, access}: {readonly kit: Kit; readonly publisher: Publisher; readonly access: Access},
): void {
  const {clock, contexts, database} = kit;
  const summary = 'Which roles an account has';
  const config = {problems: [403, 404, 409]};
  const schema = {summary, security: SIGNED_IN, params: AccountPath, body: Roles, response: {200: AccountRoles}};
  app.put('/v1/accounts/:id/roles', {config, schema}, async request => {
    const by = await access.permitted(request.headers.authorization, 'roles:write');
    const account = request.params.id;
    const roles = [...request.body.roles].sort();
    const before = await rolesOf(database, account);
    const change = (transaction: Queryable): Promise<void> => putRoles(transaction, {account, roles, before, by});
    if (roles.some(role => !before.includes(role))) {
      await publisher.save(rolesGranted(newId(clock), {account, roles, by}, contexts), change);
    } else {
      await database.transaction(change);
    }
    return {account, roles};
  });
}

interface Change {
  readonly account: string;
  readonly roles: readonly string[];
  /** What the account had when it was decided whether something is granted. */
  readonly before: readonly string[];
  readonly by: string;
}

async function putRoles(transaction: Queryable, {account, roles, before, by}: Change): Promise<void> {
  const open = await transaction.query('select 1 from accounts where id = $1 and closed_at is null for update', [
    account,
  ]);
  if (open.length === 0) throw new Problem({status: 404, kind: 'no-such-account', detail: 'There is no such account.'});
  if ((await rolesOf(transaction, account)).join() !== before.join()) {
    const detail = 'The roles of this account were changed at the same moment; look at them and ask again.';
    throw new Problem({status: 409, kind: 'roles-changed', detail});
  }
  await transaction.query('delete from account_roles where account = $1 and role <> all ($2)', [account, roles]);
  await transaction.query(
    'insert into account_roles (account, role, granted_by) select $1, unnest($2::text[]), $3 on conflict do nothing',
    [account, roles, by],
  );
}

async function rolesOf(queryable: Queryable, account: string): Promise<readonly string[]> {
  const rows = await queryable.query<{role: string}>(
    'select role from account_roles where account = $1 order by role',
    [account],
  );
  return rows.map(({role}) => role);
}
