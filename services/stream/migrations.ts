import type {Migration} from '../kit/migrations.ts';

export const MIGRATIONS: readonly Migration[] = [
  {
    name: '001-registrations',
    up: `
      -- One row per account.registered event.
      create table registrations (
        event_id text primary key,
        account text not null,
        name text not null,
        position bigint not null,
        partition int not null,
        at timestamptz not null default now()
      );
      create index registrations_account on registrations (account);
      -- What an event did. Doing it again adds to count, so a count over 1 is an effect that took place twice.
      create table account_effects (
        account text not null,
        event_id text not null,
        count int not null,
        at timestamptz not null default now(),
        primary key (account, event_id)
      );
      -- How far each partition is projected: moved in the transaction of the effects.
      create table projected (
        stream text not null,
        partition int not null,
        position bigint not null,
        primary key (stream, partition)
      ) with (fillfactor = 50);`,
    down: 'drop table projected; drop table account_effects; drop table registrations;',
  },
  {
    name: '002-activity',
    up: `
      create table activity (
        event_id text primary key,
        id text not null,
        account text not null,
        kind text not null,
        at timestamptz not null
      );
      create index activity_account on activity (account, at desc, event_id desc);
      -- Activity by the second of its own time; wider windows are sums of these.
      create table windows (
        start timestamptz primary key,
        count bigint not null
      ) with (fillfactor = 50);`,
    down: 'drop table windows; drop table activity;',
  },
  {
    name: '003-event-time',
    up: `
      -- Within an account positions only grow: what was read up to one is read.
      alter table activity add column position bigint not null default 0;
      create index on activity (account, position);
      -- Events that came when their windows were final: kept here, and not counted.
      create table late_activity (
        event_id text primary key,
        id text not null,
        account text not null,
        kind text not null,
        at timestamptz not null,
        clock timestamptz not null
      );
      create index on late_activity (account, at desc, event_id desc);
      -- One row. Its lock is the order in which batches of all partitions are counted.
      create table event_clock (
        is_only boolean primary key default true check (is_only),
        clock_ms bigint,
        complete boolean not null default false,
        late bigint not null default 0
      ) with (fillfactor = 50);
      create table partition_clocks (
        partition int primary key,
        watermark_ms bigint,
        seen_at_ms bigint not null,
        idle boolean not null
      ) with (fillfactor = 50);`,
    down: `
      drop table partition_clocks; drop table event_clock; drop table late_activity;
      alter table activity drop column position;`,
  },
  {
    name: '004-failed-sign-ins',
    up: `
      create table failed_sign_ins (
        event_id text primary key,
        account text not null,
        at timestamptz not null
      );
      create index on failed_sign_ins (account, at);
      create index on failed_sign_ins (at);`,
    down: 'drop table failed_sign_ins;',
  },
  {
    name: '005-quotas',
    up: `
      create table quotas (
        account text primary key,
        events_per_second int not null check (events_per_second > 0),
        changed_at timestamptz not null default now()
      );`,
    down: 'drop table quotas;',
  },
  {
    name: '006-replays',
    up: `
      -- Projections are rebuilt in a schema of their own, in tables of the same names.
      create schema rebuild;
      create table replays (
        id text primary key,
        idempotency_key text unique,
        projection text not null,
        from_position bigint not null,
        state text not null check (state in ('running', 'done', 'failed')),
        position bigint not null,
        events bigint not null default 0,
        reason text,
        created_at timestamptz not null default now(),
        ended_at timestamptz
      );
      create unique index replays_running on replays (projection) where state = 'running';
      create index replays_created on replays (created_at desc, id desc);`,
    down: 'drop table replays; drop schema rebuild cascade;',
  },
  {
    name: '007-window-state',
    up: `
      -- What windows know is one document, whoever puts events into them; a replay that was under way has tables of the old form.
      alter table event_clock add column state json;
      update event_clock set state = json_build_object('clock', clock_ms, 'partitions', (
        select coalesce(json_object_agg(partition, json_build_object('watermark', watermark_ms, 'seenAt', seen_at_ms, 'idle', idle)), '{}')
        from partition_clocks
      )) where complete;
      alter table event_clock drop column complete;
      drop table partition_clocks;
      alter table late_activity alter column clock drop not null;
      update replays set state = 'failed', reason = 'the service was changed meanwhile', ended_at = now() where state = 'running';`,
    down: `
      create table partition_clocks (
        partition int primary key,
        watermark_ms bigint,
        seen_at_ms bigint not null,
        idle boolean not null
      ) with (fillfactor = 50);
      insert into partition_clocks
        select key::int, (value ->> 'watermark')::bigint, (value ->> 'seenAt')::bigint, (value ->> 'idle')::boolean
        from event_clock, json_each(state -> 'partitions');
      alter table event_clock add column complete boolean not null default false;
      update event_clock set complete = state is not null;
      alter table event_clock drop column state;
      delete from late_activity where clock is null;
      alter table late_activity alter column clock set not null;
      update replays set state = 'failed', reason = 'the service was changed meanwhile', ended_at = now() where state = 'running';`,
  },
  {
    name: '008-effects',
    up: `
      -- For handlers that take the place of the service's own: ids that they have handled,
      create table handled (
        id text primary key,
        at timestamptz not null default now()
      );
      -- what took effect, once for each time that it did,
      create table effects (
        seq bigserial primary key,
        message_id text not null,
        key text not null,
        partition int not null,
        position bigint not null,
        deliveries int not null,
        node text not null,
        transaction xid8 not null default pg_current_xact_id(),
        at timestamptz not null default clock_timestamp()
      );
      create index on effects (message_id);
      -- and what was written down as worked off.
      create table position_moves (
        seq bigserial primary key,
        stream text not null,
        partition int not null,
        position bigint not null,
        transaction xid8 not null default pg_current_xact_id()
      );
      create function effects_stay() returns trigger language plpgsql as $body$
      begin
        raise exception 'What took effect stays.';
      end $body$;
      create trigger effects_stay before update or delete on effects for each statement execute function effects_stay();
      create trigger effects_stay before update or delete on position_moves for each statement execute function effects_stay();`,
    down: 'drop table position_moves; drop table effects; drop function effects_stay(); drop table handled;',
  },
  {
    name: '009-quota-revisions',
    up: `
      alter table quotas add column revision bigint;
      -- The last change that had a number. Kept also of quotas that are gone, so that what comes late cannot bring them back.
      create table quota_revisions (
        account text primary key,
        revision bigint not null,
        removed boolean not null
      );`,
    down: 'drop table quota_revisions; alter table quotas drop column revision;',
  },
  {
    name: '010-reads',
    up: `
      -- When an event could be read first. What was there before has the time of this change.
      alter table activity add column projected_at timestamptz not null default now();
      alter table activity alter column projected_at set default clock_timestamp();
      -- How often reads looked at the broker, because the projection was not enough for them.
      create table write_side_reads (
        hour timestamptz primary key,
        reads bigint not null
      ) with (fillfactor = 50);
      update replays set state = 'failed', reason = 'the service was changed meanwhile', ended_at = now() where state = 'running';`,
    down: `
      drop table write_side_reads;
      alter table activity drop column projected_at;
      update replays set state = 'failed', reason = 'the service was changed meanwhile', ended_at = now() where state = 'running';`,
  },
];
