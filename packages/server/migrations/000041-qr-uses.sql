-- A code of a dynamic QR opens once, at whichever door: the newest step that any controller has told of. It and all before it are used.
alter table dynamic_qrs add column used_step bigint;
