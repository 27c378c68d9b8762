-- The role of the application. It owns nothing: later migrations grant it table by table what it needs, and nobody grants it update or
-- delete on an event. Migrations run as another role, the owner (embedded: postern_owner; else the user of DATABASE_URL).
-- A role belongs to the whole cluster, so it may be there already, made for another database or by an administrator:
--   create role postern_app nologin; grant postern_app to <user of DATABASE_URL>;
do $$
begin
  if not exists (select from pg_roles where rolname = 'postern_app') then
    begin
      create role postern_app nologin nosuperuser nocreatedb nocreaterole;
    exception when duplicate_object or unique_violation then
      null; -- another database of this cluster is being migrated at the same moment
    end;
  end if;

  if current_user = 'postern_owner' then
    -- The embedded cluster: whoever reaches its socket is the operating system's user that runs the server, and logs in as the role itself.
    alter role postern_app login;
  end if;

  begin
    set local role postern_app;
    reset role;
  exception when insufficient_privilege then
    execute format('grant postern_app to %I', current_user);
  end;

  if (select rolsuper from pg_roles where rolname = current_user) then
    -- Failed statements are reported to the application, which logs them without values; the database's own log would quote them.
    alter role postern_app set log_min_messages = 'fatal';
  end if;

  execute format('grant connect on database %I to postern_app', current_database());
end
$$;

-- No default privileges: a new table is out of the application's reach until its own migration grants something.
grant usage on schema public to postern_app;
