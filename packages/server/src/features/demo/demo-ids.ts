/*
 * The place of CLUe's guide, so that its requests work as they are printed. Generated ids start at 1,000: nothing else ever has these.
 */
export const DEMO_PLACE_GROUP_ID = 100;
export const DEMO_PLACE_ID = 178;
export const DEMO_SCHEDULE_ID = 333;
export const DEMO_CONTROLLER_ID = 178;
export const DEMO_CONTROLLER_SERIAL = "540000178";

export const DEMO_DOORS = [
  { doorId: 234, name: "Entrance", deviceId: 434, deviceSerial: "540000434" },
  { doorId: 235, name: "Office", deviceId: 435, deviceSerial: "540000435" },
  { doorId: 236, name: "Storeroom", deviceId: 436, deviceSerial: "540000436" },
] as const;
