import type {Message} from '../kit/broker.ts';
import type {Queryable} from '../kit/database.ts';

/** The last statement before COMMIT. The lock makes the order of one key's rows the order of their commits, which a sequence alone is not. */
export async function addToOutbox(transaction: Queryable, {id, key, type, data, headers}: Message): Promise<void> {
  await transaction.query('select pg_advisory_xact_lock(hashtextextended($1, 2))', [key]);
  await transaction.query('insert into outbox (id, key, type, data, headers) values ($1, $2, $3, $4, $5)', [
    id,
    key,
    type,
    JSON.stringify(data),
    headers === undefined ? null : JSON.stringify(headers),
  ]);
}
