import {Type} from 'typebox';
import {Problem} from '../kit/problem.ts';
import type {App} from '../kit/server.ts';
import type {Kit} from '../kit/service.ts';
import {SIGNED_IN} from '../kit/signed-in.ts';
import type {Access} from './access.ts';
import {PRINTABLE} from './text.ts';

const IDS_MAX = 100;

const AccountId = Type.String({minLength: 1, maxLength: 200, pattern: PRINTABLE});
const OneAccount = Type.Object({id: AccountId});
const SomeAccounts = Type.Object({
  id: Type.Array(AccountId, {minItems: 1, maxItems: IDS_MAX, description: 'Repeated: `?id=a&id=b`'}),
});
const Account = Type.Object({id: Type.String(), name: Type.String(), createdAt: Type.String({format: 'date-time'})});
const Accounts = Type.Object({
  items: Type.Array(Account, {
    description: 'Those of the accounts that are open, each once, by id: not in the order in which they were asked for',
  }),
});

interface Row extends Readonly<Record<string, unknown>> {
  readonly id: string;
  readonly name: string;
  readonly created_at: Date;
}

/** Accounts as those see them who run the system. Many at once cost one request and one look-up. */
export function readAccounts(
  app: App,
  {kit: {database}, access}: {readonly kit: Pick<Kit, 'database'>; readonly access: Access},
): void {
  const openOnes = (ids: readonly string[]): Promise<readonly Row[]> =>
    database.query<Row>(
      'select id, name, created_at from accounts where id = any ($1) and closed_at is null order by id',
      [ids],
    );

  const many = {summary: 'Several accounts', security: SIGNED_IN, querystring: SomeAccounts, response: {200: Accounts}};
  app.get('/v1/accounts', {config: {problems: [403]}, schema: many}, async request => {
    await access.permitted(request.headers.authorization, 'accounts:read');
    return {items: (await openOnes(request.query.id)).map(toAccount)};
  });

  const one = {summary: 'An account', security: SIGNED_IN, params: OneAccount, response: {200: Account}};
  app.get('/v1/accounts/:id', {config: {problems: [403, 404]}, schema: one}, async request => {
    await access.permitted(request.headers.authorization, 'accounts:read');
    const [row] = await openOnes([request.params.id]);
    if (row === undefined)
      throw new Problem({status: 404, kind: 'no-such-account', detail: 'There is no such account.'});
    return toAccount(row);
  });
}

function toAccount({id, name, created_at: createdAt}: Row) {
  return {id, name, createdAt: createdAt.toISOString()};
}
