import type {Clock} from '../kit/clock.ts';
import type {Queryable} from '../kit/database.ts';
import {Problem} from '../kit/problem.ts';

const WAIT_MAX_MS = 4_000;
/** At first, and then ever less often. */
const LOOK_EVERY_MS = 20;
const LOOK_EVERY_MAX_MS = 250;

/**
 * Waits until an account that was opened a moment ago may be used: most often it is before its owner can sign in. Throws a problem 503 when
 * it takes longer, which is when stream is away.
 */
export async function untilActive(
  account: string,
  {
    database,
    clock,
    deadline,
  }: {readonly database: Queryable; readonly clock: Clock; readonly deadline: number | undefined},
): Promise<void> {
  const patience = Math.min(WAIT_MAX_MS, deadline === undefined ? WAIT_MAX_MS : deadline - clock.now());
  const end = clock.monotonic() + patience;
  for (let wait = LOOK_EVERY_MS; ; wait = Math.min(2 * wait, LOOK_EVERY_MAX_MS)) {
    const [row] = await database.query<{pending: boolean}>(
      'select activated_at is null and closed_at is null as pending from accounts where id = $1',
      [account],
    );
    if (row?.pending !== true) return;
    if (clock.monotonic() >= end) throw pending();
    await clock.sleep(wait);
  }
}

function pending(): Problem {
  const detail = 'This account is still being set up; sign in again in a moment.';
  return new Problem({status: 503, kind: 'account-pending', detail, headers: {'retry-after': '1'}});
}
