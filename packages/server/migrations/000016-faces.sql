-- Faces as templates under their person's key; in the clear only with which models they were made, and what proves at a door that it holds the right one.
alter table auths
  -- [{packId, packVersion, mark}], in the order of the templates.
  add column faces jsonb not null default '[]',
  add column faces_sealed bytea;
