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
  {
    name: '004-key-rotation',
    up: `
      alter table signing_keys add column activated_at timestamptz, add column withdrawn_at timestamptz;
      update signing_keys set activated_at = created_at;
      drop index signing_keys_current;
      create unique index signing_keys_current on signing_keys ((true)) where activated_at is not null and retired_at is null;
      create unique index signing_keys_next on signing_keys ((true)) where activated_at is null and withdrawn_at is null;`,
    down: `
      delete from signing_keys where activated_at is null or withdrawn_at is not null or (sealed_private_key = '' and retired_at is null);
      drop index signing_keys_next;
      drop index signing_keys_current;
      alter table signing_keys drop column activated_at, drop column withdrawn_at;
      create unique index signing_keys_current on signing_keys ((true)) where retired_at is null;`,
  },
  {
    name: '005-sessions',
    up: `
      alter table accounts add column closed_at timestamptz;
      create table sessions (
        id text primary key,
        account text not null references accounts (id) on delete cascade,
        started_at timestamptz not null default clock_timestamp(),
        expires_at timestamptz not null,
        ended_at timestamptz,
        end_reason text
      );
      create index sessions_of_account on sessions (account);
      create index sessions_ended on sessions (ended_at) where ended_at is not null;
      create index sessions_expiring on sessions (expires_at);
      -- Of a token only its hash is kept. The answer to its use is sealed with a key that only the token itself gives.
      create table refresh_tokens (
        hash bytea primary key,
        session text not null references sessions (id) on delete cascade,
        expires_at timestamptz not null,
        used_at timestamptz,
        sealed_answer text
      );
      create index refresh_tokens_of_session on refresh_tokens (session);
      -- Also of names that no account has: else a lock would tell which accounts exist.
      create table sign_in_failures (
        name_hash bytea primary key,
        failures int not null,
        locks int not null,
        locked_until timestamptz,
        last_at timestamptz not null
      );
      create index sign_in_failures_last on sign_in_failures (last_at);`,
    down: `
      drop table sign_in_failures;
      drop table refresh_tokens;
      drop table sessions;
      alter table accounts drop column closed_at;`,
  },
  {
    name: '006-roles',
    up: `
      create table account_roles (
        account text not null references accounts (id) on delete cascade,
        role text not null,
        granted_by text not null,
        granted_at timestamptz not null default clock_timestamp(),
        primary key (account, role)
      );`,
    down: 'drop table account_roles;',
  },
  {
    name: '007-sagas',
    up: `
      -- Opened at created_at, usable from activated_at until closed_at, without a name or a password from erased_at.
      alter table accounts add column activated_at timestamptz, add column erased_at timestamptz;
      create table sagas (
        account text not null,
        kind text not null check (kind in ('provision', 'erase')),
        attempts int not null default 0,
        -- Whoever works on it moves this ahead: until then nobody else does.
        due_at timestamptz not null default clock_timestamp(),
        begun_at timestamptz not null default clock_timestamp(),
        ended_at timestamptz,
        primary key (account, kind)
      );
      create index idempotency_keys_account on idempotency_keys ((body ->> 'id'));
      create index sagas_due on sagas (due_at) where ended_at is null;
      create index sagas_ended on sagas (ended_at) where ended_at is not null;
      -- Accounts of before have no quota yet, or are closed and not erased.
      update accounts set activated_at = created_at;
      insert into sagas (account, kind) select id, case when closed_at is null then 'provision' else 'erase' end from accounts;`,
    down: 'drop table sagas; drop index idempotency_keys_account; alter table accounts drop column activated_at, drop column erased_at;',
  },
];
