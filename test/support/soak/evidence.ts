import type {Client} from 'pg';

/** What is stored in the end. */
export interface Evidence {
  readonly accounts: readonly {
    readonly id: string;
    readonly state: 'pending' | 'active' | 'closed' | 'erased';
    readonly liveSessions: number;
  }[];
  /** Answers that are kept for repeated requests: which account a key opened. */
  readonly keys: readonly {readonly key: string; readonly account: string}[];
  readonly openSagas: number;
  readonly outbox: readonly {readonly id: string; readonly published: boolean}[];
  readonly sessions: readonly {readonly id: string; readonly account: string; readonly unused: number}[];
  readonly registrations: readonly {readonly account: string; readonly count: number}[];
  readonly doubleEffects: readonly string[];
  readonly quotas: readonly string[];
  readonly activity: readonly {readonly id: string; readonly account: string}[];
  readonly late: readonly string[];
  /** Start of a second, unix ms, to the number of events that were counted in it. */
  readonly panes: ReadonlyMap<number, number>;
}

export async function readEvidence(identity: Client, stream: Client): Promise<Evidence> {
  const panes = await rows<{start: number; count: number}>(
    stream,
    'select (extract(epoch from start) * 1000)::float8 as start, count::float8 as count from windows where count <> 0',
  );
  return {
    accounts: await rows(
      identity,
      `select a.id, case when a.erased_at is not null then 'erased' when a.closed_at is not null then 'closed'
         when a.activated_at is not null then 'active' else 'pending' end as state,
         (select count(*)::int from sessions s where s.account = a.id and s.ended_at is null) as "liveSessions"
       from accounts a`,
    ),
    keys: await rows(identity, "select key, body ->> 'id' as account from idempotency_keys"),
    openSagas: (await rows(identity, 'select 1 from sagas where ended_at is null')).length,
    outbox: await rows(identity, 'select id, published_at is not null as published from outbox'),
    sessions: await rows(
      identity,
      `select s.id, s.account, (select count(*)::int from refresh_tokens t where t.session = s.id and t.used_at is null) as unused
       from sessions s`,
    ),
    registrations: await rows(stream, 'select account, count(*)::int as count from registrations group by account'),
    doubleEffects: (
      await rows<{event_id: string}>(stream, 'select event_id from account_effects where count <> 1')
    ).map(row => row.event_id),
    quotas: (await rows<{account: string}>(stream, 'select account from quotas')).map(row => row.account),
    activity: await rows(stream, 'select id, account from activity'),
    late: (await rows<{id: string}>(stream, 'select id from late_activity')).map(row => row.id),
    panes: new Map(panes.map(({start, count}) => [start, count])),
  };
}

async function rows<R>(client: Client, text: string): Promise<readonly R[]> {
  return (await client.query(text)).rows as R[];
}
