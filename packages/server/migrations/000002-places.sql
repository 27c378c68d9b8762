-- Places and what stands in them. Ids that the server makes start at 1,000; a demo place brings its own.
create sequence place_group_ids start 1000;
create sequence place_ids start 1000;
create sequence door_ids start 1000;
create sequence device_ids start 1000;
create sequence controller_ids start 1000;
create sequence schedule_ids start 1000;
create sequence user_ids start 1000;
create sequence auth_ids start 1000;
create sequence server_instance_ids start 1000;

-- One row. The epoch changes when this data may have gone back in time.
create table deployment(
  only_row boolean primary key default true check (only_row),
  epoch text not null,
  made_at bigint not null
);

create table place_groups(
  place_group_id bigint primary key,
  name text not null,
  made_at bigint not null
);

create table places(
  place_id bigint primary key,
  place_group_id bigint not null references place_groups,
  name text not null,
  time_zone text not null,
  made_at bigint not null,
  -- What the place's unique PINs are hashed with, here and at its doors: 16 random bytes in base64.
  unique_pin_salt text not null default encode(decode(replace(gen_random_uuid()::text, '-', ''), 'hex'), 'base64')
);
create index on places(place_group_id);

create table controllers(
  controller_id bigint primary key,
  place_id bigint not null references places,
  serial text not null unique,
  name text not null,
  -- JWK of the Ed25519 key that a claim registered; null until then.
  public_key jsonb,
  claimed_at bigint,
  -- Raised by every hello: what an older session still sends is refused.
  session_number bigint not null default 0,
  -- The server process that holds the live connection, or null.
  connected_instance bigint,
  connected_at bigint,
  last_heard_at bigint,
  clock_offset_ms bigint,
  software text,
  -- The proof: what the controller last confirmed it holds.
  urgent_revision bigint not null default 0,
  confirmed_revision bigint not null default 0,
  confirmed_digest text,
  confirmed_at bigint,
  failures jsonb not null default '[]',
  made_at bigint not null
);
create index on controllers(place_id);

create table claim_codes(
  controller_id bigint primary key references controllers,
  code_hash bytea not null unique,
  expires_at bigint not null,
  tries_left int not null
);

create table doors(
  door_id bigint primary key,
  place_id bigint not null references places,
  controller_id bigint references controllers,
  name text not null,
  -- Times, alarms, ports: shape DoorSettings in features/doors.
  settings jsonb not null,
  made_at bigint not null
);
create index on doors(place_id, door_id);
create index on doors(controller_id);

create table devices(
  device_id bigint primary key,
  place_id bigint not null references places,
  door_id bigint references doors,
  serial text not null unique,
  device_type text not null,
  model_name text not null,
  name text not null,
  description text not null default '',
  side text not null check (side in ('ENTRY', 'EXIT')),
  first_connected_at bigint
);
create index on devices(place_id);
create unique index on devices(door_id, side);

create table schedules(
  schedule_id bigint primary key,
  place_id bigint not null references places,
  name text not null,
  schedule jsonb not null
);
create index on schedules(place_id);

grant select, insert, update, delete on deployment, place_groups, places, controllers, claim_codes, doors, devices, schedules to postern_app;
grant usage on all sequences in schema public to postern_app;
