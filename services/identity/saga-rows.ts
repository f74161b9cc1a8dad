import type {Queryable} from '../kit/database.ts';
import type {SagaKind} from './seams/saga.ts';

export interface SagaRow {
  readonly kind: SagaKind;
  readonly account: string;
}

/**
 * How long one try may take. A saga that nobody has finished by then belongs to whoever comes first. That two work on it at once does no
 * harm, it is only spared them.
 */
const TRY_FOR = '3 seconds';
const KEPT_FOR = '1 day';

/** The one that records it tries it first. */
export async function recordSaga(transaction: Queryable, kind: SagaKind, account: string): Promise<void> {
  await transaction.query(
    `insert into sagas (account, kind, due_at) values ($1, $2, clock_timestamp() + interval '${TRY_FOR}') on conflict do nothing`,
    [account, kind],
  );
}

/** Takes sagas that nobody is trying, those that have waited longest first. `attempts`: how often they were taken before. */
export function takeSagas(queryable: Queryable, atMost: number): Promise<readonly (SagaRow & {attempts: number})[]> {
  return queryable.query<SagaRow & {attempts: number} & Readonly<Record<string, unknown>>>(
    `update sagas set due_at = clock_timestamp() + interval '${TRY_FOR}', attempts = attempts + 1
     where (account, kind) in (
       select account, kind from sagas where ended_at is null and due_at <= clock_timestamp()
       order by due_at limit $1 for update skip locked)
     returning account, kind, attempts`,
    [atMost],
  );
}

export async function postponeSaga(queryable: Queryable, {kind, account}: SagaRow, forMs: number): Promise<void> {
  await queryable.query(
    `update sagas set due_at = clock_timestamp() + $3 * interval '1 millisecond'
     where account = $1 and kind = $2 and ended_at is null`,
    [account, kind, forMs],
  );
}

export async function finishSaga(queryable: Queryable, {kind, account}: SagaRow): Promise<void> {
  await queryable.query(
    'update sagas set ended_at = clock_timestamp() where account = $1 and kind = $2 and ended_at is null',
    [account, kind],
  );
}

export async function sweepSagas(queryable: Queryable): Promise<void> {
  await queryable.query(
    `delete from sagas where (account, kind) in (
       select account, kind from sagas where ended_at < clock_timestamp() - interval '${KEPT_FOR}' limit 5000)`,
  );
}
