-- Doors and devices that a controller was ever told to serve. What happened at one of them is still on its way when the door is taken away or
-- given to another controller, and is a fact all the same.
alter table controllers
  add column served_door_ids bigint[] not null default '{}',
  add column served_device_ids bigint[] not null default '{}';

update controllers set
  served_door_ids = array(select door_id from doors where doors.controller_id = controllers.controller_id),
  served_device_ids = array(
    select device_id from devices join doors using (door_id) where doors.controller_id = controllers.controller_id
  );
