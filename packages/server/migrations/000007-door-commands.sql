-- A command may be for one device of the door, and may have more to tell than whether it was done.
alter table door_commands
  add column device_id bigint references devices,
  add column result jsonb,
  add constraint door_commands_command_check check (command in ('ONCE_OPEN', 'LEARN_CARD')),
  add constraint door_commands_device_check check ((command = 'LEARN_CARD') = (device_id is not null));
