-- What v2's `Idempotency-Key` remembers for a day: what was asked, and what came of it; never a rendered answer.
create table native_requests(
  key_id text not null,
  operation text not null,
  idempotency_key text not null,
  body_hmac bytea not null,
  target_id bigint not null,
  made_at bigint not null,
  primary key (key_id, operation, idempotency_key)
);
create index on native_requests(made_at);

-- A lost controller's key is refused from then on, until somebody claims it anew.
alter table controllers add column lost_at bigint;

grant select, insert, update, delete on native_requests to postern_app;
