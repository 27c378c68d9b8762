-- The audit log is read the newest first, by group or by place, from a time on or from a row on.
drop index audit_place_group_id_audit_id_idx;
drop index audit_place_id_at_idx;
create index on audit(place_group_id, at, audit_id);
create index on audit(place_id, at, audit_id) where place_id is not null;
