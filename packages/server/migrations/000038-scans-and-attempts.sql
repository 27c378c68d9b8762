-- More that a door or device can be asked for, and more that is known of what came of it.
alter table door_commands
  drop constraint door_commands_command_check,
  drop constraint door_commands_device_check,
  drop constraint door_commands_state_check,
  add constraint door_commands_command_check
    check (command in ('ONCE_OPEN', 'ALWAYS_OPEN', 'ALWAYS_CLOSE', 'RELEASE_MANUAL_MODE', 'LEARN_CARD', 'LEARN_FINGER', 'END_LEARNING')),
  add constraint door_commands_device_check check ((command in ('LEARN_CARD', 'LEARN_FINGER', 'END_LEARNING')) = (device_id is not null)),
  add constraint door_commands_state_check check (state in ('waiting', 'sent', 'done', 'failed', 'refused', 'too_late', 'cancelled')),
  add column sent_at bigint,
  -- Of the bolt, as the door's log has it, for an opening.
  add column relay_on_at bigint,
  add column relay_off_at bigint;
create index on door_commands(device_id) where device_id is not null and state in ('waiting', 'sent');
-- What the server itself carries out when its time has come.
create index on door_commands(act_at) where state = 'waiting' and command in ('ALWAYS_OPEN', 'ALWAYS_CLOSE', 'RELEASE_MANUAL_MODE');

-- A card or finger that a device was asked for; what was scanned stands with the command, for as long as that is kept.
create sequence scan_ids start 1000;
create table credential_scans(
  scan_id bigint primary key,
  place_id bigint not null references places,
  device_id bigint not null references devices,
  command_id bigint not null unique references door_commands,
  credential_type text not null check (credential_type in ('CARD', 'FINGERPRINT')),
  token_hash bytea not null unique,
  -- Of the card or finger that it must be, as an HMAC; null: any.
  verify_mark bytea,
  made_at bigint not null,
  expires_at bigint not null,
  -- The auth that holds what was scanned.
  used_by bigint
);
create index on credential_scans(expires_at);
create index on credential_scans(place_id);
grant select, insert, update, delete on credential_scans to postern_app;
grant usage on sequence scan_ids to postern_app;
