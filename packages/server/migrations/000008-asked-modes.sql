-- The modes as they were asked for; null: by default, which follows the credentials as they change. `modes` is what opens.
alter table auths add column modes_asked text[];
update auths set modes_asked = modes where modes <> case when cards = '[]' then '{}'::text[] else '{CARD}'::text[] end;
