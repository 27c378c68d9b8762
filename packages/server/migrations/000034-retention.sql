-- Drops a month's events with their counts. It runs with its owner's rights, because the application has none to take events
-- away, and refuses by the database's own clock what could still be young. Whoever reads or appends meanwhile is not waited for longer than this.
create function drop_ledger_period(dropped int) returns void
language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '500ms' as $$
begin
  if to_timestamp(0) + make_interval(months => dropped + 1) > now() - interval '31 days' then
    raise exception 'period % has events of the last 31 days', dropped;
  end if;
  perform pg_advisory_xact_lock(7346101);
  -- In the order in which a page reads them, so that the two do not wait for each other.
  execute format('drop table if exists ledger_slices_p%s', dropped);
  execute format('drop table if exists events_p%s', dropped);
end
$$;
revoke all on function drop_ledger_period(int) from public;
grant execute on function drop_ledger_period(int) to postern_app;
