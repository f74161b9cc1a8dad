import type {Database, Queryable} from '../../kit/database.ts';
import type {AccountBody, Registration, RegistrationAnswer, RegistrationRequest} from './registration.ts';

/**
 * Opens an account once per idempotency key. The key's row is the arbiter: it is inserted first, in the transaction that also
 * inserts the account, so that either both are there or neither is.
 */
export const registration: Registration = async (request, tools) => {
  const account = tools.newAccount(request);
  const answer: RegistrationAnswer = {status: 201, body: account};
  const {idempotencyKey: key} = request;
  if (key === undefined) {
    await tools.save(account, transaction => tools.insertAccount(transaction, account, request));
    return answer;
  }
  const before = await storedAnswer(tools.database, request, key);
  if (before !== undefined) return before;
  try {
    await tools.save(account, async transaction => {
      await claimKey(transaction, request, key, account);
      await tools.insertAccount(transaction, account, request);
    });
    return answer;
  } catch (error) {
    if (!(error instanceof KeyTaken)) throw error;
    // Whoever had the key may have committed between our look and our claim.
    return (await storedAnswer(tools.database, request, key)) ?? IN_FLIGHT;
  }
};

const IN_FLIGHT: RegistrationAnswer = {
  status: 409,
  detail: 'A request with this Idempotency-Key is being worked on; ask again in a moment.',
};
const REUSED: RegistrationAnswer = {
  status: 422,
  detail: 'This Idempotency-Key was used for a request with another payload.',
};

/** Thrown to roll the transaction back: without it, the event of an account that does not exist would go out. */
class KeyTaken extends Error {}

/**
 * Inserts the key's row, or throws {@link KeyTaken}. An insert that meets another one in flight waits for its end; the lock tells first,
 * without waiting. It ends with the transaction, so that it cannot outlive a client that was cut off by more than the session's timeouts.
 */
async function claimKey(
  transaction: Queryable,
  request: RegistrationRequest,
  key: string,
  account: AccountBody,
): Promise<void> {
  const [lock] = await transaction.query<{locked: boolean}>(
    'select pg_try_advisory_xact_lock(hashtextextended($1, 1)) as locked',
    [JSON.stringify([request.client, key])],
  );
  if (lock?.locked !== true) throw new KeyTaken();
  const inserted = await transaction.query(
    `insert into idempotency_keys (client, key, fingerprint, status, body) values ($1, $2, $3, 201, $4)
     on conflict (client, key) do nothing returning key`,
    [request.client, key, request.fingerprint, JSON.stringify(account)],
  );
  if (inserted.length === 0) throw new KeyTaken();
}

async function storedAnswer(
  database: Database,
  request: RegistrationRequest,
  key: string,
): Promise<RegistrationAnswer | undefined> {
  const [row] = await database.query<{fingerprint: string; body: AccountBody}>(
    'select fingerprint, body from idempotency_keys where client = $1 and key = $2',
    [request.client, key],
  );
  if (row === undefined) return undefined;
  return row.fingerprint === request.fingerprint ? {status: 201, body: row.body} : REUSED;
}
