-- Openings whose bolt has not fallen yet: a handful.
create index on door_commands(door_id) where relay_on_at is not null and relay_off_at is null;
-- What a key that is revoked has asked for and nobody has carried out.
create index on door_commands(asked_by) where state = 'waiting';
