import type {Migration} from '../kit/migrations.ts';

export const MIGRATIONS: readonly Migration[] = [
  {
    name: '001-accounts',
    up: `
      create table accounts (
        id text primary key,
        name text not null,
        password_hash text not null,
        created_at timestamptz not null
      );
      -- The answer is json, not jsonb: it is sent again exactly as it was.
      create table idempotency_keys (
        client text not null,
        key text not null,
        fingerprint text not null,
        status int not null,
        body json not null,
        created_at timestamptz not null default now(),
        primary key (client, key)
      );`,
    down: 'drop table idempotency_keys; drop table accounts;',
  },
  {
    name: '002-outbox',
    up: `
      create table outbox (
        position bigserial primary key,
        id text not null unique,
        key text not null,
        type text not null,
        data json not null,
        headers json,
        created_at timestamptz not null default now(),
        published_at timestamptz
      );
      create index outbox_unpublished on outbox (position) where published_at is null;
      create index outbox_published on outbox (published_at) where published_at is not null;`,
    down: 'drop table outbox;',
  },
  {
    name: '003-signing-keys',
    up: `
      create table signing_keys (
        kid text primary key,
        public_jwk json not null,
        sealed_private_key text not null,
        created_at timestamptz not null default now(),
        retired_at timestamptz
      );
      -- Replicas that start at once cannot both make the current key.
      create unique index signing_keys_current on signing_keys ((true)) where retired_at is null;`,
    down: 'drop table signing_keys;',
  },
];
