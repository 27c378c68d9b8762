-- Exports of a place's events to CSV files, which lie in the data directory of the process that writes them.
create sequence event_export_ids start 1000;

create table event_exports(
  export_id bigint primary key,
  place_id bigint not null references places on delete cascade,
  -- {types?, doorIds?, deviceIds?, authIds?, userIds?}
  events jsonb not null,
  from_ms bigint,
  to_ms bigint,
  state text not null check (state in ('waiting', 'running', 'done', 'failed')),
  -- What is looked at: after the one and up to the other.
  first_sequence bigint not null,
  through_sequence bigint not null,
  -- Written and on the disk: so far, so many events, so many bytes of the file.
  sequence bigint not null,
  event_count bigint not null default 0,
  bytes bigint not null default 0,
  made_at bigint not null,
  ended_at bigint,
  error text,
  -- The process that writes it.
  leased_by bigint
);
create index on event_exports(place_id, export_id);
create index on event_exports(state) where state in ('waiting', 'running');

grant select, insert, update, delete on event_exports to postern_app;
grant usage on all sequences in schema public to postern_app;
