import { type Asked, casesOf, type Section } from "../case.ts";
import type { Answer } from "../clue-client.ts";
import { at, expectEqual, expectRefused, expectShape, expectSuccess, expectThat, listAt, numberAt, Skipped, textAt } from "../expect.ts";
import { EventItem } from "../shapes.ts";
import { CLUE_EVENT_TYPES } from "./event-types.ts";

const DAY_MS = 86_400_000;
/** The guide's own sample: a minute less than eight days. */
const GUIDE_SPAN_MS = 691_140_000;

type Query = Readonly<Record<string, string | number | undefined>>;

async function ask({ clue, world }: Asked, query: Query = {}): Promise<Answer> {
  return clue.get("/v1/be/events", { placeId: await world.placeId(), ...query });
}

async function eventsOf(asked: Asked, query: Query = {}): Promise<readonly unknown[]> {
  const answer = await ask(asked, query);
  expectSuccess(answer);
  return listAt(answer.body, "data");
}

async function someEvents(asked: Asked, count: number): Promise<readonly unknown[]> {
  const events = await eventsOf(asked, { page: 0, size: 200, sort: "eventAt,desc" });
  if (events.length < count) throw new Skipped(`the place has fewer than ${count} events`);
  return events;
}

const idsOf = (events: readonly unknown[]): readonly string[] => events.map((event) => textAt(event, "logId"));

/** "Retrieve Logs" of the guide, and its newer form. */
export const events: Section = {
  id: "events",
  title: "Events",
  cases: [
    ...casesOf("guide: Retrieve Logs", "documented", {
      "the guide's query is answered, with its span of a minute less than eight days": async (asked) => {
        const endTime = Date.now();
        const filterEvents = "DEV_FACE_AUTH_SUCCESS,DEV_FACE_AUTH_FAIL";
        const query = { startTime: endTime - GUIDE_SPAN_MS, endTime, filterEvents, page: 0, size: 200, sort: "id,asc" };
        const answer = await ask(asked, query);
        expectSuccess(answer);
        expectEqual("total is a number", typeof at(answer.body, "total"), "number");
      },
      "the guide's own URL is answered, with its placeId left empty": async ({ clue }) => {
        const query =
          "startTime=1719932400000&endTime=1720623540000&filterEvents=DEV_FACE_AUTH_SUCCESS%2CDEV_FACE_AUTH_FAIL&page=0&size=200&sort=id%2Casc&placeId=";
        const answer = await clue.call({ method: "GET", path: `/v1/be/events?${query}` });
        if (answer.status === 200) expectSuccess(answer);
        else expectRefused(answer, "e1005", "placeId");
      },
      "each event has the guide's members, and none that is null": async (asked) => {
        for (const event of await someEvents(asked, 1)) expectShape("event", event, EventItem);
      },
      "nothing but placeId is needed": async (asked) => {
        expectSuccess(await ask(asked));
      },
      "total counts what matches, not what the page shows": async (asked) => {
        await someEvents(asked, 2);
        const answer = await ask(asked, { page: 0, size: 1 });
        expectEqual("the page has one", listAt(answer.body, "data").length, 1);
        expectThat("total is more than one", numberAt(answer.body, "total") > 1, answer.body);
      },
      "sort=id goes both ways": async (asked) => {
        await someEvents(asked, 2);
        const endTime = Date.now();
        const window = { startTime: endTime - 7 * DAY_MS, endTime };
        const all = idsOf(await eventsOf(asked, { ...window, sort: "id,asc" }));
        if (all.length > 900) throw new Skipped("too many events to read them all");
        expectEqual(
          "descending is ascending turned around",
          idsOf(await eventsOf(asked, { ...window, sort: "id,desc" })),
          all.toReversed(),
        );
      },
      "pages follow each other without a gap or a repeat": async (asked) => {
        const endTime = Date.now();
        const window = { startTime: endTime - 7 * DAY_MS, endTime, sort: "id,asc" };
        const whole = idsOf(await eventsOf(asked, { ...window, page: 0, size: 12 }));
        if (whole.length < 2) throw new Skipped("the place has fewer than two events");
        const parts: string[] = [];
        for (const page of [0, 1, 2, 3]) parts.push(...idsOf(await eventsOf(asked, { ...window, page, size: 3 })));
        expectEqual("four pages of three are one of twelve", parts, whole);
      },
      "filterEvents keeps those types alone": async (asked) => {
        const type = textAt((await someEvents(asked, 1))[0], "eventType");
        for (const event of await eventsOf(asked, { filterEvents: type, page: 0, size: 50 }))
          expectEqual("eventType", at(event, "eventType"), type);
      },
      "startTime and endTime are kept to": async (asked) => {
        const at_ = numberAt((await someEvents(asked, 1)).at(-1), "eventAt");
        for (const event of await eventsOf(asked, { startTime: at_, endTime: at_ + 1_000 })) {
          const eventAt = numberAt(event, "eventAt");
          expectThat("eventAt lies between them", eventAt >= at_ && eventAt <= at_ + 1_000, eventAt);
        }
      },
    }),
    ...casesOf("CLUe §1.4", "documented", {
      "a span of eight days is refused": async (asked) => {
        const endTime = Date.now();
        expectRefused(await ask(asked, { startTime: endTime - 8 * DAY_MS, endTime }), ["e1005", "e1006"]);
      },
      "the newer path answers the same events": async (asked) => {
        const { clue, world } = asked;
        const answer = await clue.get(`/v1/events/places/${await world.placeId()}/elastic`, { page: 0, size: 50, sort: "eventAt,desc" });
        expectSuccess(answer);
        for (const event of listAt(answer.body, "data")) expectShape("event", event, EventItem);
      },
      "the newer path filters by doors": async ({ clue, world }) => {
        const [door] = await world.doors();
        const query = { filterDoorIds: door?.doorId, page: 0, size: 50 };
        const answer = await clue.get(`/v1/events/places/${await world.placeId()}/elastic`, query);
        expectSuccess(answer);
        for (const event of listAt(answer.body, "data")) expectEqual("doorId", at(event, "doorId"), door?.doorId);
      },
      "the newer path filters by devices": async (asked) => {
        const { clue, world } = asked;
        const deviceId = (await someEvents(asked, 1)).map((event) => at(event, "deviceId")).find((id) => typeof id === "number");
        if (typeof deviceId !== "number") throw new Skipped("no event names a device");
        const answer = await clue.get(`/v1/events/places/${await world.placeId()}/elastic`, {
          filterDeviceIds: deviceId,
          page: 0,
          size: 50,
        });
        expectSuccess(answer);
        const found = listAt(answer.body, "data");
        expectThat("there are some", found.length > 0, answer.body);
        for (const event of found) expectEqual("deviceId", at(event, "deviceId"), deviceId);
      },
      "the newer path shows at most 50 on a page": async ({ clue, world }) => {
        const path = `/v1/events/places/${await world.placeId()}/elastic`;
        expectSuccess(await clue.get(path, { page: 0, size: 50 }));
        expectRefused(await clue.get(path, { page: 0, size: 51 }), ["e1005", "e1006"], "size");
      },
      "eventAt,desc begins with the newest": async (asked) => {
        const times = (await someEvents(asked, 2)).map((event) => numberAt(event, "eventAt"));
        expectEqual(
          "times fall",
          times,
          times.toSorted((left, right) => right - left),
        );
      },
      "audit logs of a place are listed with the newest first": async ({ clue, world }) => {
        const endAt = Date.now();
        const answer = await clue.get("/v1/audit-logs", { size: 5, placeId: await world.placeId(), startAt: endAt - 7 * DAY_MS, endAt });
        if (answer.status === 400 && at(listAt(answer.body, "errors")[0], "code") === "e1001")
          throw new Skipped("the key may not read audit logs");
        expectThat("data is a list", Array.isArray(expectSuccess(answer)), answer.body);
      },
    }),
    ...casesOf("CLUe §2.1", "documented", {
      "every event type that CLUe documents may be asked for": async (asked) => {
        for (let first = 0; first < CLUE_EVENT_TYPES.length; first += 40)
          expectSuccess(await ask(asked, { filterEvents: CLUE_EVENT_TYPES.slice(first, first + 40).join(","), page: 0, size: 1 }));
      },
    }),
    ...casesOf("CLUe §7", "ours", {
      "an unknown event type is refused, by its name": async (asked) => {
        const answer = await ask(asked, { filterEvents: "DEV_TELEPATHY_AUTH_SUCCESS" });
        expectRefused(answer, "e1005");
        expectThat("the name is told", answer.text.includes("DEV_TELEPATHY_AUTH_SUCCESS"), answer.body);
      },
      "both ends of the window belong to it": async (asked) => {
        const event = (await someEvents(asked, 1))[0];
        const eventAt = numberAt(event, "eventAt");
        const found = idsOf(await eventsOf(asked, { startTime: eventAt, endTime: eventAt }));
        expectThat("the event is found", found.includes(textAt(event, "logId")), found);
      },
      "a page beyond the last is empty and keeps its total": async (asked) => {
        const answer = await ask(asked, { page: 100_000, size: 50 });
        expectEqual("it is empty", expectSuccess(answer), []);
        expectEqual("total is a number", typeof at(answer.body, "total"), "number");
      },
      "a size of 0 is refused": async (asked) => {
        expectRefused(await ask(asked, { page: 0, size: 0 }), ["e1005", "e1008"]);
      },
      "an order that there is not is refused": async (asked) => {
        expectRefused(await ask(asked, { sort: "userName,asc" }), "e1005");
      },
      "q finds events by a part of the door's name": async (asked) => {
        const named = (await someEvents(asked, 1)).map((event) => at(event, "doorName")).find((name) => typeof name === "string");
        if (typeof named !== "string") throw new Skipped("no event names its door");
        const found = await eventsOf(asked, { q: named.toUpperCase(), page: 0, size: 50 });
        expectThat(
          "events of that door are among them",
          found.some((event) => at(event, "doorName") === named),
          found,
        );
      },
      "q finds nobody who is not there": async (asked) => {
        const answer = await ask(asked, { q: `nobody-${asked.world.newKey()}`, page: 0, size: 5 });
        expectEqual("nothing is found", expectSuccess(answer), []);
        expectEqual("total", at(answer.body, "total"), 0);
      },
      "an event keeps its logId": async (asked) => {
        const ids = idsOf(await eventsOf(asked, { page: 0, size: 5, sort: "id,asc" }));
        expectEqual("asked again", idsOf(await eventsOf(asked, { page: 0, size: 5, sort: "id,asc" })), ids);
      },
    }),
  ],
};
