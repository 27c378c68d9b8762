-- Webhooks: whom to tell what happens, how far each is with each of its places, and what became of what was sent.
create sequence webhook_ids start 1000;

create table webhooks(
  webhook_id bigint primary key,
  place_group_id bigint not null references place_groups on delete cascade,
  -- null: every place of the group, those still to be made too.
  place_id bigint references places on delete cascade,
  name text not null,
  url text not null,
  -- {types?, doorIds?, deviceIds?, authIds?, userIds?}
  events jsonb not null,
  paused boolean not null,
  -- Sealed under the server's key.
  secret_sealed bytea not null,
  previous_secret_sealed bytea,
  previous_secret_until bigint,
  made_at bigint not null,
  made_by text
);
create index on webhooks(place_group_id, webhook_id);
create index on webhooks(place_id);

-- One row for each place of a webhook: its events are delivered one after the other by whoever holds the lease.
create table webhook_places(
  webhook_id bigint not null references webhooks on delete cascade,
  place_id bigint not null references places on delete cascade,
  -- Everything up to here was delivered, or not meant.
  sequence bigint not null,
  -- The delivery that is due ends here: an attempt after a crash is the same one, with the same id.
  pending_through bigint,
  -- Raised by a replay and by other events being meant: then deliveries have other ids.
  version int not null default 1,
  attempts int not null default 0,
  failing_since bigint,
  next_attempt_at bigint not null default 0,
  parked_at bigint,
  error text,
  -- The process that delivers, and a number that whoever takes it away raises.
  leased_by bigint,
  lease bigint not null default 0,
  primary key (webhook_id, place_id)
) with (fillfactor = 50);
create index on webhook_places(place_id);
create index on webhook_places(leased_by) where leased_by is not null;

create table webhook_deliveries(
  delivery_id bigint generated always as identity primary key,
  webhook_id bigint not null references webhooks on delete cascade,
  -- null: a test.
  place_id bigint,
  message_id text not null,
  attempt int not null,
  at bigint not null,
  url text not null,
  event_count int not null,
  first_sequence bigint,
  through_sequence bigint,
  outcome text not null check (outcome in ('delivered', 'failed')),
  status int,
  error text,
  -- The first bytes of a refusal.
  answer text,
  duration_ms int not null
);
create index on webhook_deliveries(webhook_id, delivery_id);
create index on webhook_deliveries(at);

grant select, insert, update, delete on webhooks, webhook_places, webhook_deliveries to postern_app;
grant usage on all sequences in schema public to postern_app;
