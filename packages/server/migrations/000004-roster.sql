-- The roster of a place: what its doors must know. Apart from `ledger_heads` and referenced by no foreign key, so that enrolling never waits
-- for appending.
create table roster_heads(
  place_id bigint primary key,
  revision bigint not null,
  -- Below this revision tombstones may be missing: a replica that stopped there is mended by comparing buckets.
  tombstones_from bigint not null default 0
) with (fillfactor = 50);

create table roster_items(
  place_id bigint not null,
  item_key text not null,
  revision bigint not null,
  -- 1 settings, modes, schedules; 2 a change to what existed, tombstones too; 3 new.
  lane smallint not null check (lane between 1 and 3),
  -- 0 is the common part, which every door holds; else the doors it concerns. Empty when gone.
  scopes bigint[] not null,
  bucket smallint not null,
  hash text,
  -- The item, or null for a tombstone.
  item jsonb,
  primary key (place_id, item_key)
) with (fillfactor = 80);
create index on roster_items(place_id, lane, revision);
create index on roster_items(place_id, revision);
create index on roster_items(place_id, bucket);

-- Sums modulo 2^128 of the item hashes of one bucket.
create table roster_sums(
  place_id bigint not null,
  scope bigint not null,
  bucket smallint not null,
  sum numeric(39, 0) not null,
  primary key (place_id, scope, bucket)
) with (fillfactor = 50);

-- What each revision added to a scope's total, so that the digest of a past revision is known.
create table roster_deltas(
  place_id bigint not null,
  revision bigint not null,
  scope bigint not null,
  delta numeric(39, 0) not null,
  primary key (place_id, revision, scope)
);

grant select, insert, update, delete on roster_heads, roster_items, roster_sums, roster_deltas to postern_app;
