-- A user is a person within a place group; an auth is that person's right at one place (CLUe §1.3: deleting an auth keeps the user's key).
create table users(
  user_id bigint primary key,
  place_group_id bigint not null references place_groups,
  key text not null,
  made_at bigint not null,
  unique (place_group_id, key)
);

create table auths(
  place_id bigint not null references places,
  auth_id bigint not null unique,
  user_id bigint not null references users,
  name text not null,
  status text not null check (status in ('ACTIVE', 'INACTIVE')),
  start_at bigint not null,
  end_at bigint not null,
  door_access_type text not null check (door_access_type in ('ALL_DOOR', 'SPECIFIC')),
  door_ids bigint[] not null default '{}',
  schedule_type text not null check (schedule_type in ('ALWAYS', 'SPECIFIC')),
  schedule_id bigint references schedules,
  modes text[] not null,
  phone text,
  -- As the client gave them, in order: {cardNumber, formatType, formatData?}. Equality lives in `cards`.
  cards jsonb not null default '[]',
  -- HMAC of the canonical create body: a repeat of it is a retry, not a second person.
  body_hmac bytea,
  made_at bigint not null,
  last_modified_at bigint not null,
  deleted_at bigint,
  primary key (place_id, auth_id)
);
create unique index on auths(place_id, user_id) where deleted_at is null;

-- Unique per place over auths not deleted.
create table cards(
  place_id bigint not null,
  card_key text not null,
  auth_id bigint not null,
  primary key (place_id, card_key)
);
create index on cards(place_id, auth_id);

create table api_keys(
  key_id text primary key,
  place_group_id bigint not null references place_groups,
  parent_id text references api_keys,
  name text not null,
  scopes text[] not null,
  -- null: every place of the group.
  place_ids bigint[],
  made_at bigint not null,
  expires_at bigint not null,
  revoked_at bigint
);
create index on api_keys(place_group_id);

-- Never a rendered answer: what was asked, and which auth came of it.
create table idempotency_keys(
  key_id text not null,
  route text not null,
  idempotency_key text not null,
  body_hmac bytea not null,
  auth_id bigint not null,
  made_at bigint not null,
  primary key (key_id, route, idempotency_key)
);
create index on idempotency_keys(made_at);

grant select, insert, update, delete on users, auths, cards, api_keys, idempotency_keys to postern_app;
