import type { Noun, Question } from "./noun.ts";

/** What the command line can do to a server's things. Names alone: the options of a verb come from the contract, which is loaded when one of them is asked for. */
export const NOUNS: readonly Noun[] = [
  {
    noun: "place-group",
    about: "customers, each with places of its own (with the operator's key)",
    columns: ["placeGroupId", "name", "madeAt"],
    verbs: [
      { verb: "list", operation: "listPlaceGroups", examples: [""] },
      { verb: "show", operation: "readPlaceGroup", examples: ["100"] },
      { verb: "create", operation: "createPlaceGroup", examples: ["--name 'Corner Shops'"] },
      { verb: "change", operation: "changePlaceGroup", examples: ["100 --name 'Corner Shops Ltd'"] },
      { verb: "delete", operation: "deletePlaceGroup", examples: ["100"] },
      {
        verb: "mint-key",
        operation: "mintRootKey",
        examples: ["100 --name Owner --scopes people,events,doors:operate,doors:configure,devices,keys"],
      },
    ],
  },
  {
    noun: "place",
    about: "places: a name, a time zone, and everything in it",
    columns: ["placeId", "name", "timeZone", "placeGroupId"],
    verbs: [
      { verb: "list", operation: "listPlaces", examples: [""] },
      { verb: "show", operation: "readPlace", examples: ["178"] },
      { verb: "create", operation: "createPlace", examples: ["--name 'Corner Shop' --time-zone Europe/Berlin"] },
      {
        verb: "change",
        operation: "changePlace",
        examples: ["178 --time-zone Asia/Seoul", "178 --face-duplicates refuse --face-crops kept --face-consent required"],
      },
      { verb: "delete", operation: "deletePlace", examples: ["178"] },
      { verb: "sync", operation: "readPlaceSync", examples: [""] },
    ],
  },
  {
    noun: "door",
    about: "the doors of a place, and the virtual ones of this machine",
    columns: ["doorId", "name", "connected", "mode.operator", "mode.lockdown", "controllerId"],
    verbs: [
      { verb: "list", operation: "listDoors", examples: ["", "--q entr --json"] },
      { verb: "show", operation: "readDoor", examples: ["234"] },
      { verb: "create", operation: "createDoor", spread: ["settings"], reachesDoors: true, examples: ["--name Entrance --unlock-ms 5000"] },
      {
        verb: "change",
        operation: "changeDoor",
        spread: ["settings"],
        reachesDoors: true,
        examples: ["234 --name 'Front door'", "234 --scheduled-unlock-id 333 --first-person-in true", "234 --minimum CARD_THEN_PIN"],
      },
      { verb: "delete", operation: "deleteDoor", reachesDoors: true, examples: ["234"] },
      { verb: "open", operation: "openDoor", examples: ["234 --wait 5"] },
      {
        verb: "mode",
        operation: "setDoorMode",
        reachesDoors: true,
        examples: ["234 --operator locked", "234 --operator unlocked", "234 --operator none"],
      },
      {
        verb: "who-may-open",
        operation: "whoMayOpen",
        columns: ["authId", "userKey", "name", "modes"],
        examples: ["234 --at '2026-11-29 02:30'"],
      },
    ],
  },
  {
    noun: "lockdown",
    about: "locking doors against everybody but fire and the way out",
    columns: [],
    verbs: [
      { verb: "show", operation: "readLockdown", examples: [""] },
      { verb: "begin", operation: "beginLockdown", reachesDoors: true, examples: ["--doors all", "--doors 234,235"] },
      { verb: "end", operation: "endLockdown", reachesDoors: true, examples: [""] },
    ],
  },
  {
    noun: "device",
    about: "the readers at the doors",
    columns: ["deviceId", "name", "serial", "side", "doorId", "connected"],
    verbs: [
      { verb: "list", operation: "listDevices", examples: [""] },
      { verb: "show", operation: "readDevice", examples: ["345"] },
      { verb: "change", operation: "changeDevice", examples: ["345 --name 'Reader left of the door'"] },
      { verb: "learn", operation: "learnCard", isFollowed: true, examples: ["345", "345 --within-ms 20000"] },
    ],
  },
  {
    noun: "controller",
    about: "the controllers of a place",
    columns: [],
    verbs: [
      { verb: "show", operation: "readController", examples: ["178"] },
      { verb: "create", operation: "createController", examples: ["--name 'Back room' --door-ids 234,235"] },
      { verb: "change", operation: "changeController", examples: ["178 --door-ids 234,235,236"] },
      { verb: "delete", operation: "deleteController", examples: ["178"] },
      {
        verb: "lost",
        operation: "loseController",
        loses: "Its key is refused from now on; it needs a new claim code to come back.",
        examples: ["178 --yes"],
      },
    ],
  },
  {
    noun: "sync",
    about: "whether doors and server agree, with what proves it",
    columns: [],
    verbs: [
      { verb: "status", operation: "readPlaceSync", examples: ["", "--json"] },
      { verb: "controller", operation: "readControllerSync", examples: ["178"] },
      { verb: "auth", operation: "readAuthSync", examples: ["1000"] },
      { verb: "receipts", operation: "readAuthReceipts", examples: ["1000"] },
      {
        verb: "revocations",
        operation: "listRevocations",
        columns: ["revision", "authId", "because", "askedAt", "confirmedBy", "owedBy"],
        examples: ["", "--owed true"],
      },
    ],
  },
  {
    noun: "ledger",
    about: "whether the ledger has every event of the doors",
    columns: ["controllerId", "serial", "connected", "receivedCount", "received", "awaited", "holes", "lost", "lostCount", "forks"],
    verbs: [{ verb: "continuity", operation: "listContinuity", examples: ["", "--json"] }],
  },
  {
    noun: "schedule",
    about: "times of the week",
    columns: ["scheduleId", "name", "calendarId"],
    verbs: [
      { verb: "list", operation: "listSchedules", examples: [""] },
      { verb: "show", operation: "readSchedule", examples: ["333"] },
      {
        verb: "create",
        operation: "createSchedule",
        spread: ["weekly"],
        examples: ["--name Opening --monday 08:00-18:00 --friday 08:00-12:00,13:00-20:00 --holidays '2026-12-25 Christmas'"],
      },
      {
        verb: "change",
        operation: "changeSchedule",
        spread: ["weekly"],
        reachesDoors: true,
        examples: ["333 --name Evenings", "333 --calendar-id 1001"],
      },
      { verb: "delete", operation: "deleteSchedule", examples: ["333"] },
    ],
  },
  {
    noun: "holiday",
    about: "holiday calendars, which schedules share",
    columns: ["calendarId", "name", "holidays"],
    verbs: [
      { verb: "list", operation: "listHolidayCalendars", examples: [""] },
      { verb: "show", operation: "readHolidayCalendar", examples: ["1001"] },
      {
        verb: "create",
        operation: "createHolidayCalendar",
        examples: ["--name 'Bank holidays' --holidays '2026-12-25 Christmas; 2026-12-24 10:00-14:00 Christmas Eve'"],
      },
      { verb: "change", operation: "changeHolidayCalendar", reachesDoors: true, examples: ["1001 --holidays '2026-12-25 Christmas'"] },
      { verb: "delete", operation: "deleteHolidayCalendar", examples: ["1001"] },
    ],
  },
  {
    noun: "group",
    about: "access groups: doors at times, for the auths that belong to them",
    columns: ["groupId", "name", "grants", "memberCount"],
    verbs: [
      { verb: "list", operation: "listGroups", examples: [""] },
      { verb: "show", operation: "readGroup", examples: ["1001"] },
      { verb: "create", operation: "createGroup", examples: ["--name Members --grants 234@333", "--name Staff --grants all"] },
      { verb: "change", operation: "changeGroup", reachesDoors: true, examples: ["1001 --grants '234,235@333; 236'"] },
      { verb: "delete", operation: "deleteGroup", reachesDoors: true, examples: ["1001"] },
      { verb: "members", operation: "listGroupMembers", columns: ["authId", "userId", "userKey", "name"], examples: ["1001"] },
      { verb: "add", operation: "addGroupMember", reachesDoors: true, examples: ["1001 1002"] },
      { verb: "remove", operation: "removeGroupMember", reachesDoors: true, examples: ["1001 1002"] },
    ],
  },
  {
    noun: "person",
    about: "people, whatever rights they have",
    columns: ["userId", "userKey", "auths"],
    verbs: [
      { verb: "list", operation: "listPeople", examples: ["", "--user-key ada"] },
      { verb: "show", operation: "readPerson", examples: ["1000"] },
      { verb: "export", operation: "exportPerson", examples: ["1000 --json"] },
      {
        verb: "erase",
        operation: "erasePerson",
        reachesDoors: true,
        loses: "Their rights, credentials and name are gone for good; events stay without them.",
        examples: ["1000 --yes"],
      },
    ],
  },
  {
    noun: "auth",
    about: "a person's right at a place, with its credentials",
    columns: ["authId", "userKey", "name", "status", "doors", "startAt", "endAt"],
    verbs: [
      { verb: "list", operation: "listAuths", examples: ["", "--q ada", "--group-id 1001"] },
      { verb: "show", operation: "readAuth", examples: ["1000"] },
      {
        verb: "create",
        operation: "createAuth",
        spread: ["credentials"],
        reachesDoors: true,
        examples: ["--user-key ada --name 'Ada Lovelace' --start-at now --end-at 2027-12-31 --doors 234,235 --cards 12345 --pin 4711"],
      },
      {
        verb: "change",
        operation: "changeAuth",
        spread: ["credentials"],
        reachesDoors: true,
        examples: ["1000 --status INACTIVE", "1000 --cards 12345,12-123 --modes CARD_THEN_PIN", "1000 --pin none"],
      },
      { verb: "faces", operation: "readFaces", columns: ["packId", "packVersion", "crop"], examples: ["1000 --json"] },
      { verb: "remove-faces", operation: "deleteFaces", reachesDoors: true, examples: ["1000"] },
      { verb: "delete", operation: "deleteAuth", reachesDoors: true, examples: ["1000"] },
      { verb: "sync", operation: "readAuthSync", examples: ["1000"] },
      { verb: "like", operation: "matchFace", examples: ["--face-image photo.jpg"] },
    ],
  },
  {
    noun: "import",
    about: "give many people their rights from a CSV or NDJSON file; the same file again changes nothing",
    columns: ["importId", "state", "dryRun", "rowCount", "createdCount", "changedCount", "unchangedCount", "failedCount", "madeAt"],
    verbs: [
      { verb: "list", operation: "listImports", examples: [""] },
      { verb: "show", operation: "readImport", examples: ["1000"] },
      {
        verb: "results",
        operation: "listImportResults",
        columns: ["row", "outcome", "authId", "changed", "problems"],
        examples: ["1000 --outcome failed"],
      },
    ],
  },
  {
    noun: "key",
    about: "API keys",
    columns: ["keyId", "name", "scopes", "placeIds", "expiresAt", "revokedAt"],
    verbs: [
      { verb: "list", operation: "listKeys", examples: [""] },
      { verb: "show", operation: "readKey", examples: ["P-1ssJmxU5xQgV-b"] },
      { verb: "create", operation: "mintKey", examples: ["--name 'Booking system' --scopes people,events --expires-at 2027-12-31"] },
      {
        verb: "revoke",
        operation: "revokeKey",
        loses: "It is refused from now on, with every key minted from it.",
        examples: ["P-1ssJmxU5xQgV-b --yes"],
      },
    ],
  },
  {
    noun: "command",
    about: "what came of an opening or a learning",
    columns: [],
    verbs: [{ verb: "show", operation: "readCommand", examples: ["1001 --wait 5"] }],
  },
  {
    noun: "audit",
    about: "who did what",
    columns: ["at", "action", "outcome", "targetKind", "targetId", "source", "keyId", "placeId"],
    verbs: [{ verb: "list", operation: "listAudit", examples: ["--limit 50", "--from 2026-11-01 --action auth.create"] }],
  },
];

/** Questions, which have no noun. */
export const QUESTIONS: readonly Question[] = [
  {
    verb: "what-if",
    about: "whether somebody would open a door at a time, rule by rule",
    operation: "whatIf",
    examples: ["--door-id 234 --card 12345", "--door-id 234 --user-key ada --at '2026-11-29 02:30' --proven CARD,PIN"],
  },
  { verb: "explain", about: "why an event happened", operation: "explainEvent", examples: ["<log-id>"] },
];
