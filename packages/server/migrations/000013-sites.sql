-- A door that was taken away keeps its name for its events; nothing else looks at it.
alter table doors add column deleted_at bigint;

-- What a controller was asked to do stays readable when the controller is gone.
alter table door_commands drop constraint door_commands_controller_id_fkey;
