-- Whether and how the customer's own server confirms at doors (CLUe §3).
alter table place_groups
  add column access_type text not null default 'NONE' check (access_type in ('NONE', 'VENDOR', 'MEMBERSHIP', 'MIXED'));

create sequence vendor_api_ids start 1000;

create table vendor_apis(
  vendor_api_id bigint primary key,
  place_group_id bigint not null references place_groups on delete cascade,
  credential text not null check (credential in ('face', 'fingerprint', 'card', 'unique_pin', 'qr', 'customer_qr')),
  name text not null,
  url text not null,
  -- Their values are sealed under the server's key: [{name, value}] as JSON.
  header_names text[] not null,
  headers_sealed bytea not null,
  -- {autoFields, manualFields, statusCodes, result, successMessage, failureMessage}
  rules jsonb not null,
  secret_sealed bytea not null,
  previous_secret_sealed bytea,
  previous_secret_until bigint,
  made_at bigint not null,
  made_by text
);
create index on vendor_apis(place_group_id, vendor_api_id);

-- No row: nobody is asked about this type of credential.
create table vendor_mappings(
  place_group_id bigint not null references place_groups on delete cascade,
  credential text not null,
  vendor_api_id bigint not null references vendor_apis on delete cascade,
  primary key (place_group_id, credential)
);
create index on vendor_mappings(vendor_api_id);

-- Where a place chose otherwise; null: nobody is asked there. An API that is taken away leaves this, and not what the group asks.
create table vendor_place_mappings(
  place_id bigint not null references places on delete cascade,
  credential text not null,
  vendor_api_id bigint references vendor_apis on delete set null,
  primary key (place_id, credential)
);
create index on vendor_place_mappings(vendor_api_id);

-- What holds at each place for each type of credential, whatever the access type: its own choice, else its group's, else nothing.
create view place_vendor_apis as
  select places.place_id, places.place_group_id, place_groups.access_type, credentials.credential,
    case when own.place_id is null then ours.vendor_api_id else own.vendor_api_id end as vendor_api_id,
    own.place_id is not null as is_own
  from places
  join place_groups using (place_group_id)
  cross join unnest(array['face', 'fingerprint', 'card', 'unique_pin', 'qr', 'customer_qr']) as credentials(credential)
  left join vendor_place_mappings own on own.place_id = places.place_id and own.credential = credentials.credential
  left join vendor_mappings ours on ours.place_group_id = places.place_group_id and ours.credential = credentials.credential;

grant select, insert, update, delete on vendor_apis, vendor_mappings, vendor_place_mappings to postern_app;
grant select on place_vendor_apis to postern_app;
grant usage on all sequences in schema public to postern_app;
