import {createHash} from 'node:crypto';
import type {Queryable} from '../kit/database.ts';
import {Problem} from '../kit/problem.ts';

/** Wrong passwords in a row that are told to be wrong; then nobody is told anything until the lock ends. */
const FAILURES_MAX = 10;
/** The first lock; each further one takes twice as long. */
const FIRST_LOCK_SECONDS = 30;
/** And no longer: whoever knows the password gets in after this time at the latest, if they are faster than ten wrong guesses. */
const LONGEST_LOCK_SECONDS = 900;
/** After this time without a failure all is forgotten. */
const FORGOTTEN_AFTER = '1 hour';

/*
 * A lock does not touch those who are signed in. Every lock leaves room for ten more attempts when it ends, and does not grow while it
 * lasts, so that a stranger cannot keep an account shut for good. At most 40 guesses an hour are answered in the long run.
 */

/** Seconds until sign-ins with this name are looked at again; 0 when they are. */
export async function lockedFor(queryable: Queryable, name: string): Promise<number> {
  const [row] = await queryable.query<{seconds: number}>(
    `select extract(epoch from locked_until - clock_timestamp())::float8 as seconds from sign_in_failures
     where name_hash = $1 and locked_until > clock_timestamp()`,
    [hashOf(name)],
  );
  return Math.ceil(row?.seconds ?? 0);
}

/**
 * Counts a failure. Throws the problem 429 when the name is locked by now: of guesses that were made at once, no more than ten are told
 * to be wrong, however many were checked.
 */
export async function countFailure(transaction: Queryable, name: string): Promise<void> {
  const counted = await transaction.query(
    `insert into sign_in_failures as f (name_hash, failures, locks, last_at) values ($1, 1, 0, clock_timestamp())
     on conflict (name_hash) do update set
       last_at = clock_timestamp(),
       failures = case when f.last_at < clock_timestamp() - interval '${FORGOTTEN_AFTER}' then 1
                       when f.failures + 1 >= $2 then 0 else f.failures + 1 end,
       locks = case when f.last_at < clock_timestamp() - interval '${FORGOTTEN_AFTER}' then 0
                    when f.failures + 1 >= $2 then least(f.locks + 1, 20) else f.locks end,
       locked_until = case when f.last_at >= clock_timestamp() - interval '${FORGOTTEN_AFTER}' and f.failures + 1 >= $2
                           then clock_timestamp() + least($3 * 2 ^ f.locks, $4) * interval '1 second' end
     where f.locked_until is null or f.locked_until <= clock_timestamp()
     returning 1`,
    [hashOf(name), FAILURES_MAX, FIRST_LOCK_SECONDS, LONGEST_LOCK_SECONDS],
  );
  if (counted.length === 0) throw tooManyAttempts(await lockedFor(transaction, name));
}

/** Forgets failures after a right password. Throws the problem 429 when the name is locked: a guess that came too late is not told to be right. */
export async function forgetFailures(transaction: Queryable, name: string): Promise<void> {
  const [row] = await transaction.query<{locked: boolean}>(
    'select coalesce(locked_until > clock_timestamp(), false) as locked from sign_in_failures where name_hash = $1 for update',
    [hashOf(name)],
  );
  if (row === undefined) return;
  if (row.locked) throw tooManyAttempts(await lockedFor(transaction, name));
  await transaction.query('delete from sign_in_failures where name_hash = $1', [hashOf(name)]);
}

/** Removes what is forgotten anyway. */
export async function sweepFailures(queryable: Queryable): Promise<void> {
  await queryable.query(
    `delete from sign_in_failures where name_hash in (
       select name_hash from sign_in_failures where last_at < clock_timestamp() - interval '${FORGOTTEN_AFTER}' limit 5000)`,
  );
}

export function tooManyAttempts(seconds: number): Problem {
  return new Problem({
    status: 429,
    kind: 'too-many-attempts',
    detail: 'There were too many attempts to sign in with this name; try again later.',
    headers: {'retry-after': String(Math.max(1, seconds))},
  });
}

/** Names are what strangers type: of bounded length, and nothing that was typed into the wrong field is kept. */
function hashOf(name: string): Buffer {
  return createHash('sha256').update(name).digest();
}
