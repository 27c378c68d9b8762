-- The ledger of a place: what happened. `period` is the month number of receipt (months since 1970-01), because a partition key cannot change later
-- and retention drops a prefix of receipt.
create table ledger_heads(
  place_id bigint primary key,
  next_sequence bigint not null,
  summed_to bigint not null,
  chain bytea
) with (fillfactor = 50);

create table events(
  place_id bigint not null,
  period int not null,
  sequence bigint not null,
  event_at bigint not null,
  received_at bigint not null,
  -- 0: no device of its own.
  device_id bigint not null,
  door_id bigint,
  user_id bigint,
  auth_id bigint,
  event_type smallint not null,
  -- 0 for events that the server made.
  generation bigint not null,
  local_log_id bigint not null,
  detail jsonb,
  primary key (place_id, period, sequence)
) partition by range (period);
create index on events(place_id, event_at, sequence) include (event_type, door_id, device_id);
create index on events(place_id, user_id, event_at) where user_id is not null;

create table ledger_blocks(
  place_id bigint not null,
  period int not null,
  block bigint not null,
  first_sequence bigint not null,
  last_sequence bigint not null,
  hash bytea,
  primary key (place_id, period, block)
) partition by range (period);

create table ledger_slices(
  place_id bigint not null,
  period int not null,
  -- 0: all doors.
  door_id bigint not null,
  slice bigint not null,
  event_type smallint not null,
  device_id bigint not null,
  n int not null,
  primary key (place_id, period, door_id, slice, event_type, device_id)
) partition by range (period);

create table log_marks(
  place_id bigint not null,
  controller_id bigint not null,
  generation bigint not null,
  last_local_log_id bigint not null,
  primary key (place_id, controller_id, generation)
) with (fillfactor = 50);

-- The application may add events and read them. It has no right to change or delete one, and none on the partitions themselves.
grant select, insert on events to postern_app;
grant select, insert, update on ledger_heads, ledger_blocks, ledger_slices, log_marks to postern_app;

-- Makes a month's partitions. It runs with its owner's rights, because the application has none to create tables.
create function ensure_ledger_period(wanted int) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if wanted < 600 or wanted > 2400 then
    raise exception 'period % is outside the years 2020 to 2169', wanted;
  end if;
  perform pg_advisory_xact_lock(7346101);
  execute format('create table if not exists events_p%s partition of events for values from (%s) to (%s)', wanted, wanted, wanted + 1);
  execute format('create table if not exists ledger_blocks_p%s partition of ledger_blocks for values from (%s) to (%s)', wanted, wanted, wanted + 1);
  execute format('create table if not exists ledger_slices_p%s partition of ledger_slices for values from (%s) to (%s)', wanted, wanted, wanted + 1);
end
$$;
revoke all on function ensure_ledger_period(int) from public;
grant execute on function ensure_ledger_period(int) to postern_app;
