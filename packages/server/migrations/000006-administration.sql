-- What a place is run with: holidays, access groups, modes, PINs and fingerprints under their person's key, commands, and who did what.
create sequence access_group_ids start 1000;
create sequence holiday_calendar_ids start 1000;
create sequence command_ids start 1000;

-- A calendar's days replace the windows of the schedules that name it.
create table holiday_calendars(
  calendar_id bigint primary key,
  place_id bigint not null references places,
  name text not null,
  -- [{date, name?, windows}] in ascending order of date.
  holidays jsonb not null
);
create index on holiday_calendars(place_id);

alter table schedules add column calendar_id bigint references holiday_calendars;

-- Doors and times that many auths share.
create table access_groups(
  group_id bigint primary key,
  place_id bigint not null references places,
  name text not null,
  -- [{doors: "all" | [doorId…], scheduleId: number | null}]
  grants jsonb not null
);
create index on access_groups(place_id);

create table access_group_members(
  place_id bigint not null,
  group_id bigint not null references access_groups,
  auth_id bigint not null,
  primary key (place_id, group_id, auth_id)
);
create index on access_group_members(place_id, auth_id);

-- What an operator holds a door with. No row: nothing.
create table door_modes(
  door_id bigint primary key references doors,
  place_id bigint not null references places,
  operator text not null default 'none' check (operator in ('none', 'locked', 'unlocked')),
  lockdown boolean not null default false,
  -- An unlocking mode that no controller has confirmed by then is taken back.
  not_after bigint,
  changed_at bigint not null
);
create index on door_modes(place_id);

-- A person's own key, wrapped with the server's. Destroying it erases what it protects, backups included.
create table person_keys(
  user_id bigint primary key references users,
  wrapped_key bytea not null,
  made_at bigint not null
);

alter table auths
  -- {salt, hash}: what a door checks the PIN with; the PIN itself under the person's key.
  add column pin_verifier jsonb,
  add column pin_sealed bytea,
  add column unique_pin_hash text,
  add column unique_pin_sealed bytea,
  -- [{fingerFormat, fingerFlag}] in the clear; the templates under the person's key, in the same order.
  add column fingerprints jsonb not null default '[]',
  add column fingerprints_sealed bytea;
-- Unique per place over auths not deleted, so that it identifies its holder alone.
create unique index auths_unique_pin_idx on auths(place_id, unique_pin_hash) where deleted_at is null and unique_pin_hash is not null;

-- ONCE_OPEN is the one command; modes are roster.
create table door_commands(
  command_id bigint primary key,
  place_id bigint not null references places,
  door_id bigint not null references doors,
  controller_id bigint not null references controllers,
  command text not null,
  act_at bigint not null,
  not_after bigint not null,
  state text not null check (state in ('waiting', 'sent', 'done', 'failed', 'too_late')),
  reason text,
  asked_by text not null,
  made_at bigint not null,
  ended_at bigint
);
create index on door_commands(place_id, command_id);
create index on door_commands(controller_id) where state in ('waiting', 'sent');

-- Who did what, written in the transaction of the deed. Rows are added and read.
create table audit(
  audit_id bigint generated always as identity primary key,
  place_group_id bigint not null,
  place_id bigint,
  at bigint not null,
  key_id text,
  source text not null,
  action text not null,
  target_kind text not null,
  target_id text,
  outcome text not null check (outcome in ('done', 'refused')),
  detail jsonb
);
create index on audit(place_group_id, audit_id);
create index on audit(place_id, at);

grant select, insert, update, delete on holiday_calendars, access_groups, access_group_members, door_modes, person_keys, door_commands to postern_app;
grant select, insert on audit to postern_app;
grant usage on all sequences in schema public to postern_app;
