import type {AccountBody, Registration} from 'teralab/identity/seams/registration';

/** A lock for the key instead of a row that waits: whoever comes while the first is under way is told so at once. */
export const registration: Registration = async (request, {newAccount, insertAccount, save}) => {
  const {client, idempotencyKey: key, fingerprint} = request;
  const account = newAccount(request);
  try {
    await save(account, async transaction => {
      if (key !== undefined) {
        const [lock] = await transaction.query<{held: boolean}>(
          'select pg_try_advisory_xact_lock(hashtextextended(current_schema() || $1, 0)) as held',
          [JSON.stringify([client, key])],
        );
        if (lock?.held !== true) throw new UnderWay();
        const [first] = await transaction.query<First>(
          'select fingerprint, body from idempotency_keys where client = $1 and key = $2',
          [client, key],
        );
        if (first !== undefined) throw new Known(first);
        await transaction.query(
          'insert into idempotency_keys (client, key, fingerprint, status, body) values ($1, $2, $3, 201, $4)',
          [client, key, fingerprint, JSON.stringify(account)],
        );
      }
      await insertAccount(transaction, account, request);
    });
  } catch (error) {
    if (error instanceof UnderWay) return {status: 409, detail: 'A request with this key is being worked on.'};
    if (!(error instanceof Known)) throw error;
    if (error.first.fingerprint !== fingerprint) return {status: 422, detail: 'This key was used for another payload.'};
    return {status: 201, body: error.first.body};
  }
  return {status: 201, body: account};
};

type First = {fingerprint: string; body: AccountBody};

/** Both are thrown to roll back. */
class UnderWay extends Error {}
class Known extends Error {
  readonly first: First;

  constructor(first: First) {
    super();
    this.first = first;
  }
}
