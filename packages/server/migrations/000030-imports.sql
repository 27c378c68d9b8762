-- Rows that came together, and how far they are. It holds nothing of what stood in them but a hash.
create sequence import_ids start 1000;

create table imports(
  import_id bigint primary key,
  place_id bigint not null,
  dry_run boolean not null,
  state text not null default 'open' check (state in ('open', 'done')),
  row_count int not null default 0,
  created_count int not null default 0,
  changed_count int not null default 0,
  unchanged_count int not null default 0,
  failed_count int not null default 0,
  -- Of all that was read up to the last row that is done: whoever goes on with another file is told so.
  rows_hash bytea,
  made_at bigint not null,
  changed_at bigint not null,
  ended_at bigint
) with (fillfactor = 50);
create index on imports(place_id, import_id);
create index on imports(changed_at);

-- What came of each row, by numbers and by the names of fields: it names nobody, so that erasing a person leaves nothing here.
create table import_results(
  import_id bigint not null references imports on delete cascade,
  row int not null,
  outcome text not null check (outcome in ('created', 'changed', 'unchanged', 'failed')),
  auth_id bigint,
  changed text[],
  -- [{field, message}]
  problems jsonb,
  primary key (import_id, row)
);
create index on import_results(import_id, row) where outcome = 'failed';

grant select, insert, update, delete on imports, import_results to postern_app;
grant usage on sequence import_ids to postern_app;
