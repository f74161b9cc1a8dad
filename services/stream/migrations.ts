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
];
