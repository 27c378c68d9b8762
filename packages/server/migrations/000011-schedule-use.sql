-- Deleting a schedule or a calendar asks what uses it, and so does the foreign key: looked up, not searched for.
create index on auths(schedule_id) where schedule_id is not null;
create index on schedules(calendar_id) where calendar_id is not null;
