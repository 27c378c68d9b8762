-- A month's partitions are made beside the ledger and attached to it, which waits for nobody who reads or appends: made as partitions at once they
-- would lock the whole ledger, and a long backup at the turn of a month would hold every append up. What stands is seen without a lock.
create or replace function ensure_ledger_period(wanted int) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  parent text;
begin
  if wanted < 600 or wanted > 2400 then
    raise exception 'period % is outside the years 2020 to 2169', wanted;
  end if;
  if to_regclass(format('events_p%s', wanted)) is not null then
    return;
  end if;
  perform pg_advisory_xact_lock(7346101);
  foreach parent in array array['ledger_slices', 'ledger_blocks', 'events'] loop
    if to_regclass(format('%s_p%s', parent, wanted)) is null then
      execute format('create table %I (like %I including all)', format('%s_p%s', parent, wanted), parent);
      execute format('alter table %I attach partition %I for values from (%s) to (%s)',
        parent, format('%s_p%s', parent, wanted), wanted, wanted + 1);
    end if;
  end loop;
end
$$;

-- A drop does lock the whole ledger, and whoever comes meanwhile waits behind it: it gives up early, and is tried again.
alter function drop_ledger_period(int) set lock_timeout = '100ms';
