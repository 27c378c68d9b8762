-- Openings whose bolt has not fallen yet: a handful.
create index on door_commands(door_id) where relay_on_at is not null and relay_off_at is null;
-- What a key that is revoked has asked for and nobody has carried out.
create index on door_commands(asked_by) where state = 'waiting';

-- What devices show (CLUe §1.8): a notice, and a picture for each of five moments, in the size in which the device shows it.
create table device_messages(
  device_id bigint primary key references devices,
  place_id bigint not null references places,
  message text not null,
  is_used boolean not null,
  changed_at bigint not null
);
create index on device_messages(place_id);
create sequence device_image_ids start 1000;
create table device_images(
  image_id bigint primary key,
  place_id bigint not null references places,
  device_id bigint not null references devices,
  type text not null check (type in ('DEFAULT', 'SUCCESS', 'FAILURE', 'UNLOCKED', 'LOCKED')),
  file_name text not null,
  -- Whoever knows it may see the picture: it is drawn by chance, and another one with each picture.
  image_key text not null unique,
  media_type text not null check (media_type in ('image/jpeg', 'image/png')),
  width int not null,
  height int not null,
  sha256 bytea not null,
  bytes bytea not null,
  changed_at bigint not null,
  unique (device_id, type)
);
create index on device_images(place_id);
grant select, insert, update, delete on device_messages, device_images to postern_app;
grant usage on sequence device_image_ids to postern_app;
