import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Auth, Door, Explanation, WhatIfAnswer, WhoMayOpenAnswer } from "@postern/contract";
import { LeapingTime } from "./support/leaping-time.ts";
import { Shop, type ShopEvent } from "./support/shop.ts";

type Presented = { card: { cardNumber: string } } | { pin: string } | { uniquePin: string };

/** Berlin, October 2026: summer time until Sunday the 25th, when clocks go from 03:00 back to 02:00. */
const summer = (local: string): number => Date.parse(`2026-10-${local}:00+02:00`);
const winter = (local: string): number => Date.parse(`2026-10-${local}:00+01:00`);
const SHOP_HOURS = [{ from: "08:00", to: "20:00" }];
const card = (cardNumber: string): Presented => ({ card: { cardNumber } });

/** What a shop owner would read in the evening: not that the controller's line came and went while hours passed in a moment. */
const isOfTheShop = ({ eventType }: ShopEvent): boolean =>
  !/^(DEV_NETWORK|DEV_DEVICE_|DEVICE_|SCHEDULE_|PLACE_|DOOR_INFO|CLOCK_|DEV_DOOR_RELAY)/.test(eventType);

describe("a day in a shop, on real parts, with time that leaps", () => {
  const time = new LeapingTime(summer("24T07:00"));
  let folder: string;
  let lookedAtMs = time.nowMs();
  let shop: Shop;
  const doors: Record<string, Door> = {};
  const people: Record<string, Auth> = {};

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "postern-shop-"));
    shop = await Shop.open({ time, folder, timeZone: "Europe/Berlin" });
  });
  after(async () => {
    await shop?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const doorId = (name: string): number => {
    const door = doors[name];
    assert.ok(door !== undefined, name);
    return door.doorId;
  };
  const auth = (name: string): Auth => {
    const found = people[name];
    assert.ok(found !== undefined, name);
    return found;
  };
  /** What the door says to whoever stands before it, in a few words. */
  const present = async (door: string, thing: Presented): Promise<string> => {
    const { outcome, reason, because } = await shop.at({ op: "present", doorId: doorId(door), ...thing });
    return [outcome, reason ?? because].filter((part) => part !== undefined).join(" ");
  };
  const relay = async (door: string): Promise<string> => {
    const { doors: reports } = await shop.at({ op: "state", doorId: doorId(door) });
    return reports[0]?.relay ?? "unknown";
  };
  /** What the ledger has since the last look, a line each, and that each of them is explained. */
  const happened = async (...lines: readonly string[]): Promise<void> => {
    const events = await shop.nextEvents(lines.length, isOfTheShop);
    assert.deepEqual(events.map(lineOf), lines);
    const now = time.nowMs();
    assert.ok(events.every(({ eventAt }) => lookedAtMs <= eventAt && eventAt <= now));
    lookedAtMs = now;
    for (const event of events) await assertExplained(event);
  };
  const lineOf = ({ eventType, doorName, userId }: ShopEvent): string => [doorName, eventType, userId].filter(Boolean).join(" ");
  const assertExplained = async (event: ShopEvent): Promise<void> => {
    const told = await shop.call<Explanation>("GET", `/v2/events/${event.logId}/explanation`);
    assert.deepEqual([told.eventType, told.eventAt, told.doorId], [event.eventType, event.eventAt, event.doorId ?? null]);
    assert.match(told.text, /^[A-Z].{8,}\.$/s, event.eventType);
  };

  test("before opening: doors, hours, groups and people are made, and the doors have them", async () => {
    const { placeId } = shop;
    const make = <Made>(what: string, body: unknown): Promise<Made> => shop.call<Made>("POST", `/v2/places/${placeId}/${what}`, body);
    const stocktaking = { date: "2026-10-26", name: "Stocktaking", windows: [] };
    const { calendarId } = await make<{ calendarId: number }>("holiday-calendars", { name: "Closed days", holidays: [stocktaking] });
    const weekly = Object.fromEntries(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday"].map((day) => [day, SHOP_HOURS]));
    const opening = await make<{ scheduleId: number }>("schedules", { name: "Opening hours", weekly, calendarId });
    const night = await make<{ scheduleId: number }>("schedules", {
      name: "Night of the cleaners",
      weekly: { saturday: [{ from: "22:00", to: "06:00" }] },
    });
    const settings = { scheduledUnlockId: opening.scheduleId, firstPersonIn: true };
    doors["Entrance"] = await make<Door>("doors", { name: "Entrance", settings });
    doors["Studio"] = await make<Door>("doors", { name: "Studio" });
    doors["Back door"] = await make<Door>("doors", { name: "Back door", settings: { heldOpenMs: 30_000, forcedOpenAlarm: true } });
    const doorIds = Object.values(doors).map((door) => door.doorId);
    const { controllerId } = await make<{ controllerId: number }>("controllers", { name: "Back room", doorIds });
    await shop.startController(controllerId);

    const staff = await make<{ groupId: number }>("groups", { name: "Staff", grants: [{ doors: "all", scheduleId: null }] });
    const members = await make<{ groupId: number }>("groups", {
      name: "Members",
      grants: [{ doors: [doorId("Entrance"), doorId("Studio")], scheduleId: opening.scheduleId }],
    });
    const period = { startAt: summer("01T00:00"), endAt: winter("31T00:00") };
    const person = (name: string, rights: object): Promise<Auth> =>
      make<Auth>("auths", { userKey: name.toLowerCase(), name, ...period, ...rights });
    const plain = (cardNumber: string): object => ({ cardNumber, formatType: "CSN" });
    people["Ada"] = await person("Ada", { doors: [], groupIds: [staff.groupId], credentials: { cards: [plain("1001")] } });
    people["Ben"] = await person("Ben", {
      doors: [],
      groupIds: [members.groupId],
      credentials: { cards: [plain("1002")], pin: "2580", modes: ["CARD_THEN_PIN"] },
    });
    people["Cleo"] = await person("Cleo", {
      doors: [doorId("Back door")],
      scheduleId: night.scheduleId,
      credentials: { uniquePin: "48151623" },
    });
    await shop.settled();
  });

  test("07:05, an hour too early: members and strangers are refused, each for their own reason", async () => {
    await shop.leapTo(summer("24T07:05"));
    assert.equal(await present("Entrance", card("1002")), "refused outside_schedule");
    assert.equal(await present("Entrance", card("9999")), "refused unknown");
    await happened("Entrance DEV_CARD_AUTH_FAIL ben", "Entrance DEV_CARD_AUTH_FAIL");
  });

  test("08:00 alone opens nothing; the first person in does, for everybody", async () => {
    await shop.leapTo(summer("24T08:03"));
    assert.equal(await relay("Entrance"), "off");
    assert.equal(await present("Entrance", card("1001")), "opened");
    assert.equal(await relay("Entrance"), "on");
    assert.equal(await present("Entrance", card("1002")), "unlocked schedule");
    await happened(
      "Entrance DEV_CARD_AUTH_SUCCESS ada",
      "Entrance DEV_DOOR_START_RELAY_ON_BY_SCHEDULE",
      "Entrance DEV_CARD_AUTH_SUCCESS ben",
    );
  });

  test("09:00, a member proves card and PIN; a wrong PIN opens nothing", async () => {
    await shop.leapTo(summer("24T09:00"));
    assert.equal(await present("Studio", card("1002")), "wait_factor");
    assert.equal(await present("Studio", { pin: "1111" }), "refused factor_failed");
    assert.equal(await relay("Studio"), "off");
    await shop.leapTo(summer("24T09:02"));
    assert.equal(await present("Studio", card("1002")), "wait_factor");
    assert.equal(await present("Studio", { pin: "2580" }), "opened");
    assert.equal(await relay("Studio"), "on");
    await happened("Studio DEV_PIN_AUTH_FAIL ben", "Studio DEV_CARD_THEN_PIN_AUTH_SUCCESS ben");
  });

  test("09:30, a lost card: from the moment it is replaced it opens nothing, and the new one does", async () => {
    await shop.leapTo(summer("24T09:30"));
    const cards = [{ cardNumber: "1003", formatType: "CSN" }];
    await shop.call("PATCH", `/v2/auths/${auth("Ben").authId}`, { credentials: { cards } });
    await shop.settled();
    assert.equal(await present("Studio", card("1002")), "refused unknown");
    assert.equal(await present("Studio", card("1003")), "wait_factor");
    assert.equal(await present("Studio", { pin: "2580" }), "opened");
    await happened("Studio DEV_CARD_AUTH_FAIL", "Studio DEV_CARD_THEN_PIN_AUTH_SUCCESS ben");
  });

  test("10:00, a lockdown holds every door against everybody but those who leave; its end gives them back as they were", async () => {
    await shop.leapTo(summer("24T10:00"));
    await shop.call("PUT", `/v2/places/${shop.placeId}/lockdown`, { doors: "all" });
    await shop.settled();
    assert.equal(await relay("Entrance"), "off");
    assert.equal(await present("Back door", card("1001")), "refused lockdown");
    await shop.at({ op: "exit_button", doorId: doorId("Back door") });
    assert.equal(await relay("Back door"), "on");
    await shop.call("DELETE", `/v2/places/${shop.placeId}/lockdown`);
    await shop.settled();
    assert.equal(await relay("Entrance"), "on");
    await happened(
      "LOCKDOWN_BEGIN_REQ",
      "Entrance DEV_DOOR_END_RELAY_ON_BY_SCHEDULE",
      "Entrance DOOR_LOCKDOWN_ON",
      "Studio DOOR_LOCKDOWN_ON",
      "Back door DOOR_LOCKDOWN_ON",
      "Back door DEV_CARD_AUTH_FAIL ada",
      "Back door DEV_DOOR_EXIT_BUTTON",
      "LOCKDOWN_END_REQ",
      "Entrance DOOR_LOCKDOWN_OFF",
      "Entrance DEV_DOOR_START_RELAY_ON_BY_SCHEDULE",
      "Studio DOOR_LOCKDOWN_OFF",
      "Back door DOOR_LOCKDOWN_OFF",
    );
  });

  test("11:00, a fire opens its door through everything, and its end closes it", async () => {
    await shop.leapTo(summer("24T11:00"));
    await shop.at({ op: "fire", doorId: doorId("Studio"), isOn: true });
    assert.equal(await relay("Studio"), "on");
    await shop.leapTo(summer("24T11:10"));
    assert.equal(await relay("Studio"), "on");
    await shop.at({ op: "fire", doorId: doorId("Studio"), isOn: false });
    assert.equal(await relay("Studio"), "off");
    await happened("Studio FIRE_SIGNAL_ON", "Studio FIRE_SIGNAL_OFF");
  });

  test("12:00, the controller starts again: the shop stays open, and nobody has to be the first once more", async () => {
    await shop.leapTo(summer("24T12:00"));
    await shop.stopController();
    await shop.startController();
    assert.equal(await relay("Entrance"), "on");
    assert.equal(await present("Back door", card("1001")), "opened");
    await happened("Entrance DEV_DOOR_START_RELAY_ON_BY_SCHEDULE", "Back door DEV_CARD_AUTH_SUCCESS ada");
  });

  test("12:01, the back door is left standing open and raises its alarm until somebody shuts it; opened by force it does at once", async () => {
    await shop.at({ op: "sensor", doorId: doorId("Back door"), isOpen: true });
    await shop.leapTo(summer("24T12:02"));
    await shop.at({ op: "sensor", doorId: doorId("Back door"), isOpen: false });
    await shop.leapTo(summer("24T12:10"));
    await shop.at({ op: "sensor", doorId: doorId("Back door"), isOpen: true });
    await shop.at({ op: "sensor", doorId: doorId("Back door"), isOpen: false });
    await happened(
      "Back door DEV_DOOR_SENSOR_OPEN",
      "Back door DEV_DOOR_HELD_OPEN",
      "Back door DEV_DOOR_HELD_OPEN_ALARM",
      "Back door DEV_DOOR_SENSOR_CLOSE",
      "Back door DEV_DOOR_HELD_OPEN_ALARM_CLEAR",
      "Back door DEV_DOOR_SENSOR_OPEN",
      "Back door DEV_DOOR_FORCE_OPEN",
      "Back door DEV_DOOR_FORCE_OPEN_ALARM",
      "Back door DEV_DOOR_SENSOR_CLOSE",
      "Back door DEV_DOOR_FORCE_OPEN_ALARM_CLEAR",
    );
  });

  test("20:00, closing: the entrance locks by itself, members are refused, staff is not", async () => {
    await shop.leapTo(summer("24T19:59"));
    assert.equal(await relay("Entrance"), "on");
    await shop.leapTo(summer("24T20:01"));
    assert.equal(await relay("Entrance"), "off");
    assert.equal(await present("Studio", card("1003")), "refused outside_schedule");
    assert.equal(await present("Studio", card("1001")), "opened");
    await happened("Entrance DEV_DOOR_END_RELAY_ON_BY_SCHEDULE", "Studio DEV_CARD_AUTH_FAIL ben", "Studio DEV_CARD_AUTH_SUCCESS ada");
  });

  test("the night in which clocks go back: 02:30 comes twice and opens twice, and 06:00 is 06:00 of the new time", async () => {
    const cleo = { uniquePin: "48151623" };
    await shop.leapTo(summer("24T21:59"));
    assert.equal(await present("Back door", cleo), "refused outside_schedule");
    for (const at of [summer("25T02:30"), winter("25T02:30"), winter("25T05:59")]) {
      await shop.leapTo(at);
      assert.equal(await present("Back door", cleo), "opened", new Date(at).toISOString());
      const { items, localTime } = await shop.call<WhoMayOpenAnswer>("GET", `/v2/doors/${doorId("Back door")}/who-may-open?at=${at}`);
      assert.deepEqual(items.map(({ name }) => name).sort(), ["Ada", "Cleo"], localTime);
    }
    await shop.leapTo(winter("25T06:00"));
    assert.equal(await present("Back door", cleo), "refused outside_schedule");
    await happened(
      "Back door DEV_UNIQUE_PIN_AUTH_FAIL cleo",
      "Back door DEV_UNIQUE_PIN_AUTH_SUCCESS cleo",
      "Back door DEV_UNIQUE_PIN_AUTH_SUCCESS cleo",
      "Back door DEV_UNIQUE_PIN_AUTH_SUCCESS cleo",
      "Back door DEV_UNIQUE_PIN_AUTH_FAIL cleo",
    );
  });

  test("Monday is a holiday: as it was foretold on Saturday, members are refused and the entrance stays locked", async () => {
    const at = winter("26T09:00");
    const asked = { doorId: doorId("Studio"), at, userKey: "ben" };
    const foretold = await shop.call<WhatIfAnswer>("POST", `/v2/places/${shop.placeId}/what-if`, asked);
    assert.deepEqual([foretold.outcome, foretold.reason, foretold.localTime], ["denied", "outside_schedule", "2026-10-26 09:00 +01:00"]);
    await shop.leapTo(at);
    assert.equal(await present("Studio", card("1003")), "refused outside_schedule");
    assert.equal(await present("Entrance", card("1001")), "opened");
    await shop.leapTo(winter("26T09:10"));
    assert.equal(await relay("Entrance"), "off");
    await happened("Studio DEV_CARD_AUTH_FAIL ben", "Entrance DEV_CARD_AUTH_SUCCESS ada");
  });

  test("Tuesday, Ben is erased: no door knows him, and what is told of the past names him no longer", async () => {
    await shop.leapTo(winter("27T09:00"));
    await shop.call("DELETE", `/v2/people/${auth("Ben").userId}`);
    await shop.settled();
    assert.equal(await present("Studio", card("1003")), "refused unknown");
    await happened("Studio DEV_CARD_AUTH_FAIL");
  });

  test("of all that happened nothing is missing, nothing is there twice, and every relay went on and off in turn", async () => {
    const events = await shop.allEvents();
    assert.equal(new Set(events.map(({ logId }) => logId)).size, events.length);
    const told = JSON.stringify(events);
    assert.ok(told.includes('"ada"') && !told.includes('"ben"') && !told.includes('"Ben"'));
    const numbers = events.map(({ localLogId }) => localLogId).filter((localLogId) => localLogId > 0);
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index + 1),
    );
    for (const name of Object.keys(doors)) {
      const turns = events.filter(({ doorName, eventType }) => doorName === name && eventType.startsWith("DEV_DOOR_RELAY_"));
      assert.ok(turns.length > 2, name);
      for (const [index, { eventType }] of turns.entries())
        assert.equal(eventType, index % 2 === 0 ? "DEV_DOOR_RELAY_ON" : "DEV_DOOR_RELAY_OFF", `${name}, ${index}`);
    }
  });
});
