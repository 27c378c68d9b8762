-- The learnt cards that are still kept: a handful, looked for every few seconds.
create index on door_commands(ended_at) where result is not null;
