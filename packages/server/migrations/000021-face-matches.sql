-- Whom a photo looks like, as CLUe's task of a device answers it. Kept for a minute, and only by ids.
create table face_matches(
  task_uuid uuid primary key,
  place_id bigint not null,
  device_id bigint not null,
  duplicated_auth_ids bigint[] not null,
  made_at bigint not null
);
create index on face_matches(made_at);
grant select, insert, delete on face_matches to postern_app;
