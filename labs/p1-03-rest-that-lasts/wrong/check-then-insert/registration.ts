import type {AccountBody, Registration} from 'teralab/identity/seams/registration';

/** Looks whether the key is known, and otherwise opens the account. Two that look at the same time both see nothing. */
export const registration: Registration = async (request, {database, newAccount, insertAccount, save}) => {
  const {client, idempotencyKey: key, fingerprint} = request;
  const [first] = await database.query<{fingerprint: string; body: AccountBody}>(
    'select fingerprint, body from idempotency_keys where client = $1 and key = $2',
    [client, key ?? ''],
  );
  if (first !== undefined && first.fingerprint !== fingerprint)
    return {status: 422, detail: 'This key was used for another payload.'};
  if (first !== undefined) return {status: 201, body: first.body};
  const account = newAccount(request);
  await save(account, async transaction => {
    await insertAccount(transaction, account, request);
    if (key === undefined) return;
    await transaction.query(
      `insert into idempotency_keys (client, key, fingerprint, status, body) values ($1, $2, $3, 201, $4)
       on conflict do nothing`,
      [client, key, fingerprint, JSON.stringify(account)],
    );
  });
  return {status: 201, body: account};
};
