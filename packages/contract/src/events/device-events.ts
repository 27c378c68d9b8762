import type { EventRow } from "./event-spec.ts";

export const DEVICE_STATE_EVENTS = {
  DEV_NETWORK_DISCONNECT: { code: 501, meaning: "The device lost its network." },
  DEV_NETWORK_CONNECT: { code: 502, meaning: "The device has its network." },
  DEV_DEVICE_SERVER_CONNECT: { code: 503, meaning: "The device is connected to the server." },
  DEV_DEVICE_SERVER_DISCONNECT: { code: 504, meaning: "The device lost its connection to the server." },
  DEV_DEVICE_START: { code: 505, meaning: "The device started." },
  DEV_DEVICE_REBOOT: { code: 506, meaning: "The device began to restart." },
  DEV_DEVICE_ADMIN_MENU_ON: { code: 507, meaning: "Somebody opened the device's own menu." },
  DEV_DEVICE_DHCP_CONNECTED: { code: 508, meaning: "The device was given its address by DHCP." },
  DEV_DEVICE_TIME_SETTING: { code: 509, meaning: "The device's clock was set." },
  DEV_DEVICE_TIMEZONE_SETTING: { code: 510, meaning: "The device's time zone was set." },
  DEV_FIRMWARE_UPGRADED: { code: 511, meaning: "The device runs new firmware." },
  DEV_FIRMWARE_UPGRADE_FAILED: { code: 512, meaning: "The device could not upgrade its firmware." },
} as const satisfies Record<string, EventRow>;

/** A relay that is on has released the bolt: the door is unlocked (CLUe guide). */
export const DOOR_STATE_EVENTS = {
  DEV_DOOR_RELAY_ON: { code: 601, meaning: "The relay is on: the door is unlocked." },
  DEV_DOOR_RELAY_OFF: { code: 602, meaning: "The relay is off: the door is locked." },
  DEV_DOOR_SENSOR_OPEN: { code: 603, meaning: "The sensor says that the door stands open." },
  DEV_DOOR_SENSOR_CLOSE: { code: 604, meaning: "The sensor says that the door is shut." },
  DEV_DOOR_HELD_OPEN: { code: 605, meaning: "The door stood open for longer than it may." },
  DEV_DOOR_HELD_OPEN_ALARM: { code: 606, meaning: "The alarm for a door held open began." },
  DEV_DOOR_HELD_OPEN_ALARM_CLEAR: { code: 607, meaning: "The alarm for a door held open ended." },
  DEV_DOOR_FORCE_OPEN: { code: 608, meaning: "The door was opened although it was locked." },
  DEV_DOOR_FORCE_OPEN_ALARM: { code: 609, meaning: "The alarm for a door forced open began." },
  DEV_DOOR_FORCE_OPEN_ALARM_CLEAR: { code: 610, meaning: "The alarm for a door forced open ended." },
  DEV_DOOR_TAMPER_ON: { code: 611, meaning: "The device at the door is being tampered with." },
  DEV_DOOR_TAMPER_OFF: { code: 612, meaning: "The device at the door is no longer being tampered with." },
  DEV_DOOR_EXIT_BUTTON: { code: 613, meaning: "Somebody pressed the exit button." },
  DEV_DOOR_ENTRY_BUTTON: { code: 614, meaning: "Somebody pressed the entry button." },
  DEV_DOOR_START_RELAY_OFF_BY_OPERATOR: { code: 615, meaning: "From now on an operator holds the door locked." },
  DEV_DOOR_START_RELAY_OFF_BY_SCHEDULE: { code: 616, meaning: "From now on a schedule holds the door locked." },
  DEV_DOOR_START_RELAY_ON_BY_OPERATOR: { code: 617, meaning: "From now on an operator holds the door unlocked." },
  DEV_DOOR_START_RELAY_ON_BY_SCHEDULE: { code: 618, meaning: "From now on a schedule holds the door unlocked." },
  DEV_DOOR_END_RELAY_OFF_BY_OPERATOR: { code: 619, meaning: "An operator no longer holds the door locked." },
  DEV_DOOR_END_RELAY_OFF_BY_SCHEDULE: { code: 620, meaning: "A schedule no longer holds the door locked." },
  DEV_DOOR_END_RELAY_ON_BY_OPERATOR: { code: 621, meaning: "An operator no longer holds the door unlocked." },
  DEV_DOOR_END_RELAY_ON_BY_SCHEDULE: { code: 622, meaning: "A schedule no longer holds the door unlocked." },
} as const satisfies Record<string, EventRow>;

/** A QR code was good, but the door's mode did not let it act. */
export const QR_REFUSED_EVENTS = {
  DEV_QR_ACCESS_DENIED_ON_SCHEDULE_LOCK: { code: 901, meaning: "A QR code was refused because a schedule holds the door locked." },
  DEV_QR_ACCESS_DENIED_ON_SCHEDULE_UNLOCK: { code: 902, meaning: "A QR code was not used because a schedule holds the door unlocked." },
  DEV_QR_ACCESS_DENIED_ON_OPERATOR_LOCK: { code: 903, meaning: "A QR code was refused because an operator holds the door locked." },
  DEV_QR_ACCESS_DENIED_ON_OPERATOR_UNLOCK: { code: 904, meaning: "A QR code was not used because an operator holds the door unlocked." },
} as const satisfies Record<string, EventRow>;
