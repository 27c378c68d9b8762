-- Within a slice events are counted by blocks of sequences too, so that a page in the order of the ledger is found by counts. What was counted without
-- them is counted again; until then readers count it themselves.
delete from ledger_slices;
alter table ledger_slices drop constraint ledger_slices_pkey;
alter table ledger_slices add column block bigint not null;
alter table ledger_slices add primary key (place_id, period, door_id, slice, block, event_type, device_id);
update ledger_heads set summed_to = 0;
