import type { EventRow } from "./event-spec.ts";

/** What a customer's or a third party's server answered. */
export const CONFIRMATION_EVENTS = {
  QR_AUTH_SUCCESS: { code: 101, meaning: "The server accepted a presented QR code." },
  QR_AUTH_FAIL: { code: 102, meaning: "The server refused a presented QR code." },
  QR_3RD_PARTY_SERVER_ERROR_FAIL: { code: 103, meaning: "The third party's server that checks a QR code failed to answer properly." },
  REAL_NAME_AUTH_NOT_MATCH: { code: 104, meaning: "The real-name check named another person than the holder of the credential." },
  VENDOR_AUTH_SUCCESS: { code: 105, meaning: "The customer's own server knows this person and lets them in." },
  VENDOR_AUTH_FAIL: { code: 106, meaning: "The customer's own server refused this person, or gave no answer that lets them in." },
  KAKAO_QR_SERVER_RES_AUTH_SUCCESS: { code: 107, meaning: "Kakao's server accepted a QR code." },
  KAKAO_QR_SERVER_RES_AUTH_FAIL: { code: 108, meaning: "Kakao's server refused a QR code." },
  NAVER_QR_SERVER_RES_AUTH_SUCCESS: { code: 109, meaning: "Naver's server accepted a QR code." },
  NAVER_QR_SERVER_RES_AUTH_FAIL: { code: 110, meaning: "Naver's server refused a QR code." },
  SPARK_PLUS_QR_RES_AUTH_SUCCESS: { code: 111, meaning: "Spark Plus accepted a QR code." },
  SPARK_PLUS_QR_RES_AUTH_FAIL: { code: 112, meaning: "Spark Plus refused a QR code." },
  CREDENTIAL_IDENTIFY_FAIL: { code: 113, meaning: "Nobody could be found who holds the presented credential." },
  CREDENTIAL_THIRD_PARTY_LINK_NOT_EXISTS: {
    code: 114,
    meaning: "The credential's holder has no link to the third party that should confirm them.",
  },
} as const satisfies Record<string, EventRow>;

export const INCIDENT_EVENTS = {
  DEVICE_AWS_IOT_UNHEALTHY: { code: 151, meaning: "A device's connection to the server is not healthy." },
  DOOR_INCIDENT: { code: 152, meaning: "Something went wrong at a door that needs a person's attention." },
} as const satisfies Record<string, EventRow>;

/** Somebody acted on a door from afar (CLUe §1.5). */
export const REMOTE_DOOR_EVENTS = {
  DOOR_TEMP_OPEN_REQ: { code: 201, meaning: "A person asked from afar to open the door once." },
  DOOR_MANUAL_OPEN_REQ: { code: 202, meaning: "A person asked from afar to hold the door unlocked." },
  DOOR_MANUAL_CLOSE_REQ: { code: 203, meaning: "A person asked from afar to hold the door locked." },
  DOOR_MANUAL_RELEASE_REQ: { code: 204, meaning: "A person asked from afar to give the door back to its schedules and credentials." },
} as const satisfies Record<string, EventRow>;

export const DEVICE_COMMAND_EVENTS = {
  DEVICE_RESET_FACTORY_REQ: { code: 301, meaning: "A device was told to return to its factory settings." },
  DEVICE_RESET_REQ: { code: 302, meaning: "A device was told to reset its settings." },
  DEVICE_RESET_NETWORK_EXCLUDE_REQ: { code: 303, meaning: "A device was told to reset its settings apart from those of its network." },
  DEVICE_REBOOT_DEVICE_REQ: { code: 304, meaning: "A device was told to restart." },
  DEVICE_UPGRADE_FIRMWARE_REQ: { code: 305, meaning: "A device was told to upgrade its firmware." },
  DEVICE_SEARCH_SLAVE_REQ: { code: 306, meaning: "A device was told to search for the devices behind it." },
  DEVICE_SETTING_CONNECT_TEST_REQ: { code: 307, meaning: "A device was told to test its connection settings." },
  DEVICE_HEALTH_CHECK_REQ: { code: 308, meaning: "A device was asked whether it is well." },
  DEVICE_LOCAL_LOGS_UPLOAD_REQ: { code: 309, meaning: "A device was told to send the log it keeps." },
  DEVICE_INFO_UPDATED_REQ: { code: 310, meaning: "A device was told that its settings changed." },
  SCHEDULE_UPDATED_REQ: { code: 311, meaning: "Devices were told that a schedule changed." },
  DOOR_INFO_UPDATED_REQ: { code: 312, meaning: "Devices were told that a door's settings changed." },
  DEVICE_USER_AUTH_SYNC_REQ: { code: 313, meaning: "A device was told to bring the rights of one person up to date." },
  DEVICE_AUTH_STRATEGY_SYNC_REQ: { code: 314, meaning: "A device was told to bring its accepted credentials up to date." },
  DEVICE_MENU_PASSWORD_RESET_REQ: { code: 315, meaning: "A device was told to reset the password of its menu." },
  DEVICE_USER_ALL_DELETE_REQ: { code: 316, meaning: "A device was told to delete everybody it knows." },
  DEVICE_USER_AUTH_ALL_SYNC_REQ: { code: 317, meaning: "A device was told to bring the rights of all people up to date." },
} as const satisfies Record<string, EventRow>;

/** Administration of a place. */
export const PLACE_EVENTS = {
  PLACE_SERVICE_START: { code: 401, meaning: "The place began its service." },
  PLACE_MODIFY: { code: 402, meaning: "The place's settings changed." },
  PLACE_NEW_MEMBER: { code: 403, meaning: "A person joined the place." },
  PLACE_LEAVE_MEMBER: { code: 404, meaning: "A person left the place." },
  PLACE_KICKOUT_MEMBER: { code: 405, meaning: "A person was removed from the place." },
  PLACE_MEMBER_ROLE_UPDATED: { code: 406, meaning: "A person's role at the place changed." },
  ACCOUNT_INVITED_PLACE: { code: 407, meaning: "An account was invited to administer the place." },
  ACCOUNT_KICKOUTED_PLACE: { code: 408, meaning: "An account lost the administration of the place." },
  PLACE_DOOR_MODIFY: { code: 409, meaning: "The settings of one of the place's doors changed." },
  PLACE_DOOR_DELETED: { code: 410, meaning: "A door was taken away from the place." },
  PLACE_DOOR_ADDED: { code: 411, meaning: "A door was added to the place." },
  PLACE_SCHEDULE_UPDATED: { code: 412, meaning: "One of the place's schedules changed." },
} as const satisfies Record<string, EventRow>;
