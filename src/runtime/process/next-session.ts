import {Client} from 'pg';
import type {PostgresAccess} from '../runtime.ts';
import {leavePassword} from './postgres-data.ts';

/** What does not answer by then (it may be paused) is left as it is, ms. */
const ANSWER_WITHIN_MS = 500;

/** Leaves a running Postgres node with the password of the next session. When that is not possible, the next session takes longer. */
export async function prepareNextSession(node: string, data: string, access: PostgresAccess): Promise<void> {
  const {address, user, password, database} = access;
  const client = new Client({
    ...address,
    user,
    password,
    database,
    connectionTimeoutMillis: ANSWER_WITHIN_MS,
    query_timeout: ANSWER_WITHIN_MS,
    application_name: 'teralab',
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await leavePassword(data, node, async statement => client.query(statement));
  } catch {
    // Then nothing was written down.
  } finally {
    await client.end().catch(() => undefined);
  }
}
