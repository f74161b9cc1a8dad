import type {AccountBody, Registration} from 'teralab/identity/seams/registration';

/** Opens the account and then notes the key, with the unique constraint as the judge. By then both accounts are there. */
export const registration: Registration = async (request, {database, newAccount, insertAccount, save}) => {
  const {client, idempotencyKey: key, fingerprint} = request;
  const stored = async () =>
    (
      await database.query<{fingerprint: string; body: AccountBody}>(
        'select fingerprint, body from idempotency_keys where client = $1 and key = $2',
        [client, key ?? ''],
      )
    )[0];
  const before = await stored();
  if (before !== undefined && before.fingerprint !== fingerprint)
    return {status: 422, detail: 'This key was used for another payload.'};
  if (before !== undefined) return {status: 201, body: before.body};
  const account = newAccount(request);
  await save(account, transaction => insertAccount(transaction, account, request));
  if (key === undefined) return {status: 201, body: account};
  await database.query(
    `insert into idempotency_keys (client, key, fingerprint, status, body) values ($1, $2, $3, 201, $4)
     on conflict do nothing`,
    [client, key, fingerprint, JSON.stringify(account)],
  );
  return {status: 201, body: (await stored())?.body ?? account};
};
