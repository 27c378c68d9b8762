-- Dynamic QRs (CLUe §1.9): whom each was issued to, and the public key of the phone that it is bound to. What signs never leaves the phone.
create sequence dynamic_qr_ids start 1000;

create table dynamic_qrs(
  qr_id bigint primary key,
  -- In the link that the person gets: the only secret until a phone is bound.
  qid uuid not null unique,
  place_group_id bigint not null references place_groups,
  user_id bigint not null references users on delete cascade,
  valid_from bigint not null,
  -- Exclusive.
  valid_to bigint not null,
  made_at bigint not null,
  -- SubjectPublicKeyInfo in base64; null until a phone is bound.
  public_key text,
  bound_at bigint,
  -- It has ended, and the doors no longer hold it.
  retired_at bigint,
  check ((public_key is null) = (bound_at is null))
);
create index on dynamic_qrs(place_group_id, made_at, qr_id);
create index on dynamic_qrs(user_id);
create index on dynamic_qrs(valid_to);

grant select, insert, update, delete on dynamic_qrs to postern_app;
grant usage on sequence dynamic_qr_ids to postern_app;
