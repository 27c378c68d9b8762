-- What a controller last said that it holds, whether or not that was right, beside what it should have held at that revision.
alter table controllers
  add column reported_revision bigint,
  add column reported_digest text,
  add column expected_digest text,
  add column reported_at bigint,
  add column clock_measured_at bigint,
  -- [{generation, first, last}], the newest first: what its log still held when it last greeted.
  add column log_reported jsonb not null default '[]',
  add column log_reported_at bigint;

-- Finds the controllers of a process that is gone.
create index on controllers(connected_instance) where connected_instance is not null;

alter table log_marks
  -- The first number the ledger has of this generation; with `last_local_log_id` the range received.
  add column first_local_log_id bigint not null default 1,
  -- How many numbers within that range were declared lost.
  add column lost_count bigint not null default 0,
  add column begun_at bigint not null default 0;

-- Declared losses and forks of a place, without reading its ledger.
create index on events(place_id, sequence) where event_type in (1002, 1003);
