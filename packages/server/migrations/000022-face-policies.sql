-- What a place does about faces: with somebody who looks like another, with the aligned crop, and about consent.
alter table places
  add column face_duplicates text not null default 'report' check (face_duplicates in ('report', 'refuse')),
  add column face_crops text not null default 'dropped' check (face_crops in ('dropped', 'kept')),
  add column face_consent text not null default 'elsewhere' check (face_consent in ('elsewhere', 'required'));

alter table auths
  -- JPEGs of 112 pixels, where the place keeps them.
  add column face_crops_sealed bytea,
  -- {textVersion, givenAt, endsAt}: who agreed to which text and until when; endsAt null: until it is taken back.
  add column face_consent jsonb;

-- Consents that end while a face is held: looked for every minute.
create index auths_face_consent_ends_idx on auths(((face_consent ->> 'endsAt')::bigint)) where faces_sealed is not null;
