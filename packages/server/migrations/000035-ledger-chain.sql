-- A hash over everything up to the last event rolls with every append, in its transaction. A ledger that has events already begins its chain with the
-- next one, and says from which.
alter table ledger_heads
  add column chain_from bigint,
  -- The block that is still open: its first event, and the month of its events.
  add column chain_period int,
  add column block_first bigint;

-- A block is a run of events of one month. It outlives them, so that the chain of what follows has its beginning.
alter table ledger_blocks drop constraint ledger_blocks_pkey;
alter table ledger_blocks drop column block;
alter table ledger_blocks alter column hash set not null;
alter table ledger_blocks add column dropped boolean not null default false;
alter table ledger_blocks add primary key (place_id, period, first_sequence);
revoke update on ledger_blocks from postern_app;

-- Heads that were signed, about one an hour for a place that grew.
create table signed_heads(
  place_id bigint not null,
  sequence bigint not null,
  epoch text not null,
  -- Of the first event that was kept then.
  first_sequence bigint not null,
  -- Over everything before that one.
  before bytea not null,
  hash bytea not null,
  at bigint not null,
  key_id text not null,
  signature text not null,
  primary key (place_id, sequence)
);
create index on signed_heads(at);
grant select, insert, delete on signed_heads to postern_app;

-- The head that goes with the delivery that is due: an attempt after a crash is the same message.
alter table webhook_places add column pending_head json;

-- As it was when the export was asked for.
alter table event_exports add column head json;

-- A month's events go with their counts; its blocks stay, and say so. The heads are locked first, as an append locks them; only ledgers in which nothing
-- has happened since end in such a month.
create or replace function drop_ledger_period(dropped int) returns void
language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '100ms' as $$
begin
  if to_timestamp(0) + make_interval(months => dropped + 1) > now() - interval '31 days' then
    raise exception 'period % has events of the last 31 days', dropped;
  end if;
  perform pg_advisory_xact_lock(7346101);
  with ended as materialized (
    select place_id, block_first, next_sequence, chain from ledger_heads
    where chain_period = $1 and block_first < next_sequence order by place_id for no key update
  ), closed as (
    insert into ledger_blocks(place_id, period, first_sequence, last_sequence, hash)
    select place_id, $1, block_first, next_sequence - 1, chain from ended
  )
  update ledger_heads set block_first = ended.next_sequence from ended where ledger_heads.place_id = ended.place_id;
  update ledger_blocks set dropped = true where period = $1;
  -- In the order in which a page reads them, so that the two do not wait for each other.
  execute format('drop table if exists ledger_slices_p%s', dropped);
  execute format('drop table if exists events_p%s', dropped);
end
$$;
