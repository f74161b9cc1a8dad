import type {LinkAnswer} from '../kit/links.ts';
import type {Kit} from '../kit/service.ts';
import {continueTrace} from '../kit/trace-context.ts';
import {accountClosed} from './events.ts';
import {RefusedError} from './saga-refusal.ts';
import type {Publisher} from './seams/publisher.ts';
import type {SagaSteps} from './seams/saga.ts';

/** What one account may send in a second: as much as one replica of stream is made for, so that none can take more than that. */
const EVENTS_PER_SECOND = 5_000;
const ANSWER_WITHIN_MS = 2_000;
/** Stream has understood the request and says no. A route that is not there, or a wrong credential, is put right some day. */
const REFUSALS: readonly number[] = [400, 403, 410, 422];
const SUPERSEDED = 409;

export type StepParts = Pick<Kit, 'contexts' | 'crashPoints' | 'database' | 'links'> & {
  readonly publisher: Publisher;
  /** The service that keeps quotas, as it is called here; undefined: there are none, and the steps that concern them do nothing. */
  readonly quotasAt: string | undefined;
};

/** The steps of sagas, each between the crash points `before_step` and `after_step`. */
export function createSagaSteps({contexts, crashPoints, database, links, publisher, quotasAt}: StepParts): SagaSteps {
  async function step<T>(work: () => Promise<T>): Promise<T> {
    crashPoints.hit('before_step');
    const value = await work();
    crashPoints.hit('after_step');
    return value;
  }

  async function askStream(method: 'PUT' | 'DELETE', account: string, revision: number): Promise<void> {
    if (quotasAt === undefined) return;
    const path = `/v1/quotas/${encodeURIComponent(account)}?revision=${revision}`;
    const body = method === 'PUT' ? JSON.stringify({eventsPerSecond: EVENTS_PER_SECOND}) : undefined;
    // Of the request that began the saga only the trace goes on: its owner does not wait any more, and has no say at stream.
    const trace = contexts.current()?.trace ?? continueTrace(undefined);
    const answer = await contexts.run({trace, deadline: undefined, authorization: undefined}, () =>
      links.request(quotasAt, {
        method,
        path,
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
        ...(body === undefined ? {} : {headers: {'content-type': 'application/json'}, body}),
      }),
    );
    await judge(answer, `${method} ${path}`);
  }

  return {
    setQuota: (account, revision) => step(() => askStream('PUT', account, revision)),
    removeQuota: (account, revision) => step(() => askStream('DELETE', account, revision)),
    activate: account =>
      step(async () => {
        const active = await database.query(
          `update accounts set activated_at = coalesce(activated_at, clock_timestamp())
           where id = $1 and closed_at is null returning 1`,
          [account],
        );
        return active.length > 0;
      }),
    reject: account => step(() => reject(account)),
    erase: account =>
      step(async () => {
        await database.query(
          `with account as (
             update accounts set name = '', password_hash = '', erased_at = clock_timestamp()
             where id = $1 and closed_at is not null and erased_at is null returning id
           )
           update idempotency_keys set body = json_build_object('id', id, 'name', '', 'createdAt', body ->> 'createdAt')
           from account where body ->> 'id' = id`,
          [account],
        );
      }),
  };

  async function reject(account: string): Promise<boolean> {
    try {
      await publisher.save(accountClosed(account, contexts), async transaction => {
        const closed = await transaction.query(
          `update accounts set closed_at = clock_timestamp()
           where id = $1 and closed_at is null and activated_at is null returning 1`,
          [account],
        );
        if (closed.length === 0) throw new NotPending();
      });
      return true;
    } catch (error) {
      if (!(error instanceof NotPending)) throw error;
    }
    const open = await database.query('select 1 from accounts where id = $1 and closed_at is null', [account]);
    return open.length === 0;
  }
}

/** Thrown to roll back: the event of a closing that did not happen must not go out. */
class NotPending extends Error {}

async function judge({status, body}: LinkAnswer, what: string): Promise<void> {
  const text = await body.text();
  if (status < 300 || status === SUPERSEDED) return;
  const message = `stream answered ${status} to ${what}: ${text.slice(0, 200)}`;
  throw REFUSALS.includes(status) ? new RefusedError(message) : new Error(message);
}
