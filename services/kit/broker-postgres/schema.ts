/** Grows with every change of the statements below; a broker that says another number gets them again. */
export const SCHEMA_VERSION = 2;

/** SQLSTATEs of our own, raised by the functions below. */
export const NO_STREAM = 'TB001';
export const NO_GROUP = 'TB002';

/**
 * Makes the schema, or brings it up to date. All of it is one transaction under a transaction-level lock, because several processes start
 * at once and `create … if not exists` alone is not safe against that.
 *
 * Every function is one statement of its caller: a client that is cut off in the middle leaves no open transaction behind.
 */
export const SCHEMA = `
begin;
select pg_advisory_xact_lock(7364501);
create schema if not exists broker;
create table if not exists broker.schema_version (version int not null);

create table if not exists broker.streams (
  name text primary key,
  partitions int not null check (partitions between 1 and 1024),
  head bigint not null default 0
) with (fillfactor = 50);

-- The data is json, not jsonb: it comes out as it went in, and may hold what jsonb refuses (\\u0000).
-- only_group is set on copies that were redriven: no other group gets them, and they have the id of the original.
create table if not exists broker.messages (
  stream text not null,
  position bigint not null,
  partition int not null,
  id text not null,
  key text not null,
  type text not null,
  data json not null,
  headers json,
  published_at timestamptz not null default clock_timestamp(),
  only_group text,
  primary key (stream, position)
);
create unique index if not exists messages_id on broker.messages (stream, id) where only_group is null;
create index if not exists messages_partition on broker.messages (stream, partition, position);

-- Where a group stands in a partition. delivered_to: every message up to there was handed out at least once.
-- deliveries: how often the first message after position was handed out; those behind it, up to delivered_to, exactly once,
-- because a message that was delivered before travels alone.
create table if not exists broker.progress (
  stream text not null,
  consumers text not null,
  partition int not null,
  position bigint not null default 0,
  delivered_to bigint not null default 0,
  deliveries int not null default 0,
  reason text,
  owner text,
  member text,
  until timestamptz,
  epoch bigint not null default 0,
  not_before timestamptz not null default '-infinity',
  primary key (stream, consumers, partition)
) with (fillfactor = 50);

create table if not exists broker.dead_letters (
  stream text not null,
  consumers text not null,
  position bigint not null,
  reason text not null,
  at timestamptz not null default clock_timestamp(),
  redriven_at timestamptz,
  primary key (stream, consumers, position)
);

-- A space's head is the revision of its last write. Deleted entries stay as marks, so that watchers see them go.
create table if not exists broker.spaces (
  name text primary key,
  head bigint not null default 0
) with (fillfactor = 50);

create table if not exists broker.entries (
  space text not null,
  key text not null,
  value json not null,
  revision bigint not null,
  deleted boolean not null,
  primary key (space, key)
) with (fillfactor = 50);
create index if not exists entries_revision on broker.entries (space, revision);

-- Null when the condition does not hold. p_expected: the revision that the entry must have, 0 when there must be none; null for either.
create or replace function broker.put_entry(p_space text, p_key text, p_value json, p_deleted boolean, p_expected bigint)
returns bigint language plpgsql as $body$
declare
  place bigint;
  present bigint;
begin
  insert into broker.spaces (name) values (p_space) on conflict do nothing;
  -- The lock is the order of the space: whoever has it commits before the next one gets a revision.
  select head + 1 into place from broker.spaces where name = p_space for update;
  select revision into present from broker.entries where space = p_space and key = p_key and not deleted;
  if (p_expected is not null and coalesce(present, 0) <> p_expected) or (p_deleted and present is null) then
    return null;
  end if;
  insert into broker.entries (space, key, value, revision, deleted) values (p_space, p_key, p_value, place, p_deleted)
    on conflict (space, key) do update
    set value = excluded.value, revision = excluded.revision, deleted = excluded.deleted;
  update broker.spaces set head = place where name = p_space;
  perform pg_notify('broker', 'space/' || p_space);
  return place;
end $body$;

create or replace function broker.publish(
  p_stream text, p_ids text[], p_keys text[], p_hashes bigint[], p_types text[], p_data text[], p_headers text[]
) returns void language plpgsql as $body$
declare
  s broker.streams%rowtype;
begin
  -- The row lock is the order of the stream: whoever has it commits before the next one gets a position, so a reader that sees a
  -- position has seen all below it.
  select * into s from broker.streams where name = p_stream for update;
  if not found then
    raise exception 'there is no stream %', p_stream using errcode = '${NO_STREAM}', detail = p_stream;
  end if;
  insert into broker.messages (stream, position, partition, id, key, type, data, headers)
    select p_stream, s.head + m.n, m.hash % s.partitions, m.id, m.key, m.type, m.data::json, m.headers::json
    from unnest(p_ids, p_keys, p_hashes, p_types, p_data, p_headers) with ordinality as m (id, key, hash, type, data, headers, n)
    order by m.n
    on conflict (stream, id) where only_group is null do nothing;
  update broker.streams set head = s.head + cardinality(p_ids) where name = p_stream;
  perform pg_notify('broker', p_stream);
end $body$;

create or replace function broker.dead_letter(p_stream text, p_group text, p_position bigint, p_reason text)
returns void language sql as $body$
  insert into broker.dead_letters (stream, consumers, position, reason) values (p_stream, p_group, p_position, p_reason)
  on conflict (stream, consumers, position) do update set reason = excluded.reason, at = excluded.at, redriven_at = null
$body$;

create or replace function broker.join_group(p_stream text, p_group text) returns void language plpgsql as $body$
declare
  s broker.streams%rowtype;
begin
  select * into s from broker.streams where name = p_stream;
  if not found then
    raise exception 'there is no stream %', p_stream using errcode = '${NO_STREAM}', detail = p_stream;
  end if;
  insert into broker.progress (stream, consumers, partition)
    select p_stream, p_group, n from generate_series(0, s.partitions - 1) n on conflict do nothing;
end $body$;

-- Gives back what a former life of a member holds: a node that was killed and started again need not wait for its own claims to expire.
create or replace function broker.release(p_stream text, p_group text, p_member text, p_owner text) returns void language sql as $body$
  update broker.progress set owner = null, member = null, until = null, epoch = epoch + 1,
    reason = p_member || ' ended before it settled it'
  where stream = p_stream and consumers = p_group and member = p_member and owner <> p_owner
$body$;

-- Takes up to p_slots partitions that have something to deliver, and returns one batch of each.
-- p_busy: partitions that this owner has in hand. One that is its own and not in hand was claimed by a call whose answer got lost.
create or replace function broker.claim(
  p_stream text, p_group text, p_owner text, p_member text, p_ack_wait_ms int, p_deliveries_max int, p_batch_max int, p_slots int,
  p_busy int[]
) returns table (
  r_partition int, r_epoch bigint, r_position bigint, r_id text, r_key text, r_type text, r_data json, r_headers json,
  r_published_at timestamptz, r_deliveries int
) language plpgsql as $body$
declare
  g broker.progress%rowtype;
  head bigint;
  positions bigint[];
begin
  -- A claim that a crash of the server forgets is only made again.
  perform set_config('synchronous_commit', 'off', true);
  if not exists (select from broker.progress where stream = p_stream and consumers = p_group) then
    raise exception 'there is no group % on stream %', p_group, p_stream using errcode = '${NO_GROUP}';
  end if;
  for g in
    select * from broker.progress p
    where p.stream = p_stream and p.consumers = p_group and p.not_before <= clock_timestamp()
      and (p.owner is null or p.until <= clock_timestamp() or (p.owner = p_owner and p.partition <> all (p_busy)))
      and exists (
        select from broker.messages m
        where m.stream = p.stream and m.partition = p.partition and m.position > p.position
          and (m.only_group is null or m.only_group = p_group))
    order by random() limit p_slots
    for update skip locked
  loop
    if g.owner is not null then
      g.reason := format('%s did not settle it in time', g.member);
    end if;
    loop
      select m.position into head from broker.messages m
        where m.stream = p_stream and m.partition = g.partition and m.position > g.position
          and (m.only_group is null or m.only_group = p_group)
        order by m.position limit 1;
      exit when head is null or g.deliveries < p_deliveries_max;
      perform broker.dead_letter(p_stream, p_group, head, coalesce(g.reason, 'it was delivered too often'));
      g.position := head;
      g.deliveries := (head < g.delivered_to)::int;
    end loop;
    if head is null then
      update broker.progress p set position = g.position, deliveries = 0, reason = null, owner = null, member = null, until = null
        where p.stream = p_stream and p.consumers = p_group and p.partition = g.partition;
      continue;
    end if;
    select array_agg(b.position) into positions from (
      select m.position from broker.messages m
      where m.stream = p_stream and m.partition = g.partition and m.position > g.position
        and (m.only_group is null or m.only_group = p_group)
      order by m.position limit case when g.deliveries > 0 then 1 else p_batch_max end) b;
    update broker.progress p
      set position = g.position, deliveries = g.deliveries + 1, reason = g.reason, epoch = g.epoch + 1, not_before = '-infinity',
        delivered_to = greatest(g.delivered_to, (select max(n) from unnest(positions) n)),
        owner = p_owner, member = p_member, until = clock_timestamp() + make_interval(secs => p_ack_wait_ms / 1000.0)
      where p.stream = p_stream and p.consumers = p_group and p.partition = g.partition;
    return query
      select m.partition, g.epoch + 1, m.position, m.id, m.key, m.type, m.data, m.headers, m.published_at, g.deliveries + 1
      from broker.messages m where m.stream = p_stream and m.position = any (positions) order by m.position;
  end loop;
end $body$;

-- Settles a batch: everything up to p_position is done (p_dead of it given up), p_nak is to come again. False when the claim is no
-- longer the caller's.
create or replace function broker.settle(
  p_stream text, p_group text, p_partition int, p_owner text, p_epoch bigint, p_position bigint, p_dead bigint[], p_reasons text[],
  p_nak bigint, p_nak_delay_ms int, p_nak_reason text, p_deliveries_max int
) returns boolean language plpgsql as $body$
declare
  g broker.progress%rowtype;
begin
  select * into g from broker.progress
    where stream = p_stream and consumers = p_group and partition = p_partition and owner = p_owner and epoch = p_epoch
    for update;
  if not found then
    return false;
  end if;
  perform broker.dead_letter(p_stream, p_group, d.position, d.reason) from unnest(p_dead, p_reasons) as d (position, reason);
  if p_position > g.position then
    g.position := p_position;
    g.deliveries := (p_position < g.delivered_to)::int;
    g.reason := null;
  end if;
  if p_nak is not null and g.deliveries >= p_deliveries_max then
    perform broker.dead_letter(p_stream, p_group, p_nak, p_nak_reason);
    g.position := p_nak;
    g.deliveries := (p_nak < g.delivered_to)::int;
    g.reason := null;
  elsif p_nak is not null then
    g.reason := p_nak_reason;
    g.not_before := clock_timestamp() + make_interval(secs => p_nak_delay_ms / 1000.0);
  end if;
  update broker.progress
    set position = g.position, deliveries = g.deliveries, reason = g.reason, not_before = g.not_before,
      owner = null, member = null, until = null
    where stream = p_stream and consumers = p_group and partition = p_partition;
  return true;
end $body$;

create or replace function broker.seek(p_stream text, p_group text, p_position bigint) returns void language plpgsql as $body$
begin
  perform broker.join_group(p_stream, p_group);
  update broker.progress
    set position = p_position, delivered_to = p_position, deliveries = 0, reason = null, not_before = '-infinity',
      owner = null, member = null, until = null, epoch = epoch + 1
    where stream = p_stream and consumers = p_group;
  perform pg_notify('broker', p_stream);
end $body$;

-- False when there is no such dead letter. One that was redriven before stays redriven once.
create or replace function broker.redrive(p_stream text, p_group text, p_position bigint) returns boolean language plpgsql as $body$
declare
  place bigint;
begin
  -- The stream's lock first, in the order of publish.
  perform from broker.streams where name = p_stream for update;
  update broker.dead_letters set redriven_at = clock_timestamp()
    where stream = p_stream and consumers = p_group and position = p_position and redriven_at is null;
  if not found then
    return exists (select from broker.dead_letters where stream = p_stream and consumers = p_group and position = p_position);
  end if;
  update broker.streams set head = head + 1 where name = p_stream returning head into place;
  insert into broker.messages (stream, position, partition, id, key, type, data, headers, only_group)
    select stream, place, partition, id, key, type, data, headers, p_group
    from broker.messages where stream = p_stream and position = p_position;
  perform pg_notify('broker', p_stream);
  return true;
end $body$;

delete from broker.schema_version;
insert into broker.schema_version values (${SCHEMA_VERSION});
commit;
`;
