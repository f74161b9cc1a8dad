import type {Queryable} from '../kit/database.ts';
import type {EndReason} from './seams/sessions.ts';

/** After this time an answer that was kept for a repeated request is kept no more. */
const ANSWERS_KEPT_FOR = '1 minute';

/** Ends one session, or all of an account. */
export async function endSessions(
  transaction: Queryable,
  whose: {readonly session: string} | {readonly account: string},
  reason: EndReason,
): Promise<void> {
  const [column, value] = 'session' in whose ? ['id', whose.session] : ['account', whose.account];
  await transaction.query(
    `update sessions set ended_at = clock_timestamp(), end_reason = $2 where ${column} = $1 and ended_at is null`,
    [value, reason],
  );
}

/** Removes sessions that ended or expired a day ago, and the answers that nobody may ask for again. */
export async function sweepSessions(queryable: Queryable): Promise<void> {
  await queryable.query(
    `delete from sessions where id in (
       select id from sessions where least(ended_at, expires_at) < clock_timestamp() - interval '1 day' limit 5000)`,
  );
  await queryable.query(
    `update refresh_tokens set sealed_answer = null
     where sealed_answer is not null and used_at < clock_timestamp() - interval '${ANSWERS_KEPT_FOR}'`,
  );
}
