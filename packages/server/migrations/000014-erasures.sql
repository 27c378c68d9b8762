-- Who was erased, by ids and times alone: a backup that brings somebody back meets it, and a repeated call finds what the first one did.
create table erasures(
  user_id bigint primary key,
  place_group_id bigint not null,
  -- When the person was made: tells somebody with a number that was given again from the one who was erased.
  made_at bigint not null,
  erased_at bigint not null,
  -- [{placeId, revision}]: with which revision of its roster each place lost them.
  places jsonb not null
);
grant select, insert, update on erasures to postern_app;

-- All that a person has, of every place, ended or not.
create index on auths(user_id);
