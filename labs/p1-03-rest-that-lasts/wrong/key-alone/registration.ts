import type {AccountBody, Registration} from 'teralab/identity/seams/registration';

/** Keys are unique; whose they are does not matter. Until two clients count from 1. */
export const registration: Registration = async (request, {database, newAccount, insertAccount, save}) => {
  const {idempotencyKey: key, fingerprint} = request;
  const client = 'everybody';
  const account = newAccount(request);
  try {
    await save(account, async transaction => {
      if (key !== undefined) {
        const claimed = await transaction.query(
          `insert into idempotency_keys (client, key, fingerprint, status, body) values ($1, $2, $3, 201, $4)
           on conflict do nothing returning key`,
          [client, key, fingerprint, JSON.stringify(account)],
        );
        if (claimed.length === 0) throw new KeyTaken();
      }
      await insertAccount(transaction, account, request);
    });
    return {status: 201, body: account};
  } catch (error) {
    if (!(error instanceof KeyTaken)) throw error;
  }
  const [first] = await database.query<{fingerprint: string; body: AccountBody}>(
    'select fingerprint, body from idempotency_keys where client = $1 and key = $2',
    [client, key],
  );
  if (first === undefined) return {status: 409, detail: 'A request with this key is being worked on.'};
  if (first.fingerprint !== fingerprint) return {status: 422, detail: 'This key was used for another payload.'};
  return {status: 201, body: first.body};
};

/** Thrown to roll back: the account of a request that came second must not be stored. */
class KeyTaken extends Error {}
