-- Since which revision an item has been there without a break: a controller that was offered less never had it. 0: not known, take it that it had.
alter table roster_items add column added_revision bigint not null default 0;

alter table controllers
  -- Doors whose auths it may hold: those it was told of since its digest last agreed, and those it held then.
  add column held_door_ids bigint[] not null default '{}',
  -- While it is away: no revision above this one can have been sent to it.
  add column offered_to bigint not null default 0;

update controllers set
  held_door_ids = array(select door_id from doors where doors.controller_id = controllers.controller_id),
  offered_to = coalesce((select revision from roster_heads heads where heads.place_id = controllers.place_id), 0);

-- Rights that were taken away, by numbers that name nobody. With `controller_ids` stands who may have held it then, and owes a receipt.
create table revocations(
  place_id bigint not null,
  revision bigint not null,
  auth_id bigint not null,
  at bigint not null,
  because text not null check (because in ('removed', 'erased', 'inactive', 'ended', 'doors_lost')),
  controller_ids bigint[] not null,
  primary key (place_id, revision)
);
create index on revocations(auth_id);
create index on revocations(at);

-- What a controller proved that it held before and after: the receipt for every revocation above `revision_before` up to `revision` that it owed.
create table receipts(
  place_id bigint not null,
  controller_id bigint not null,
  revision_before bigint not null,
  digest_before text,
  revision bigint not null,
  digest text not null,
  confirmed_at bigint not null,
  primary key (place_id, controller_id, revision)
);
create index on receipts(confirmed_at);

grant select, insert, delete on revocations, receipts to postern_app;
