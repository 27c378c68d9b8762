import { type Asked, casesOf, type Section } from "../case.ts";
import { eventually } from "../eventually.ts";
import { at, expectEqual, expectRefused, expectShape, expectSuccess, expectThat, listAt, numberAt } from "../expect.ts";
import { EVENT_MS_MAX } from "../limits.ts";
import { DoorItem } from "../shapes.ts";

const REQUESTED: Readonly<Record<string, string>> = {
  ONCE_OPEN: "DOOR_TEMP_OPEN_REQ",
  ALWAYS_OPEN: "DOOR_MANUAL_OPEN_REQ",
  ALWAYS_CLOSE: "DOOR_MANUAL_CLOSE_REQ",
  RELEASE_MANUAL_MODE: "DOOR_MANUAL_RELEASE_REQ",
};

const publish = ({ clue }: Asked, doorId: number, body: unknown) => clue.post(`/v1/doors/${doorId}/shadow/publish`, body);

/** The first event of a type at a door that happened from then on. */
async function eventAfter({ clue, world }: Asked, eventType: string, doorId: number, fromMs: number): Promise<unknown> {
  const placeId = await world.placeId();
  const isOfDoor = (event: unknown): boolean => at(event, "doorId") === doorId;
  const events = await eventually(`${eventType} comes`, {
    msMax: EVENT_MS_MAX,
    look: async () => {
      // A device's clock may be a little behind this one.
      const window = { startTime: fromMs - 2_000, endTime: Date.now() + 60_000 };
      const query = { placeId, filterEvents: eventType, ...window, page: 0, size: 50, sort: "id,desc" };
      return expectSuccess(await clue.get("/v1/be/events", query));
    },
    isSo: (seen) => Array.isArray(seen) && seen.some(isOfDoor),
  });
  return Array.isArray(events) ? events.find(isOfDoor) : undefined;
}

/** The list of doors, and opening one from afar. */
export const doors: Section = {
  id: "doors",
  title: "Doors",
  cases: [
    ...casesOf("CLUe §1.5", "documented", {
      "doors are listed with their devices and settings": async ({ clue, world }) => {
        const answer = await clue.get(`/v1/places/${await world.placeId()}/doors`);
        expectSuccess(answer);
        for (const door of listAt(answer.body, "data")) expectShape("door", door, DoorItem);
      },
      "doors are sorted by name, both ways": async ({ clue, world }) => {
        const placeId = await world.placeId();
        const names = async (sort: string): Promise<readonly unknown[]> =>
          listAt((await clue.get(`/v1/places/${placeId}/doors`, { sort })).body, "data").map((door) => at(door, "doorName"));
        expectEqual("descending is ascending turned around", await names("name,desc"), (await names("name,asc")).toReversed());
      },
      "doors are found by a part of their name": async ({ clue, world }) => {
        const [door] = await world.doors();
        const answer = await clue.get(`/v1/places/${await world.placeId()}/doors`, { q: door?.doorName });
        expectSuccess(answer);
        expectThat(
          "it is among them",
          listAt(answer.body, "data").some((each) => at(each, "doorId") === door?.doorId),
          answer.body,
        );
      },
      "a page of doors has as many as were asked for, and the total of all": async ({ clue, world }) => {
        const answer = await clue.get(`/v1/places/${await world.placeId()}/doors`, { page: 0, size: 1 });
        expectSuccess(answer);
        expectEqual("one is shown", listAt(answer.body, "data").length, 1);
        expectEqual("total", at(answer.body, "total"), (await world.doors()).length);
      },
      "ONCE_OPEN answers what was asked at the top and under data, and opens the door": async (asked) => {
        const { doorId } = await asked.world.operableDoor();
        const eventTime = Date.now();
        const answer = await publish(asked, doorId, { eventTime, command: "ONCE_OPEN" });
        const data = expectSuccess(answer);
        for (const said of [answer.body, data]) {
          expectEqual("eventTime", at(said, "eventTime"), eventTime);
          expectEqual("command", at(said, "command"), "ONCE_OPEN");
        }
        await eventAfter(asked, "DEV_DOOR_RELAY_ON", doorId, eventTime);
        await eventAfter(asked, "DEV_DOOR_RELAY_OFF", doorId, eventTime);
      },
      "each command is an event of its own name": async (asked) => {
        const { doorId } = await asked.world.operableDoor();
        for (const command of ["ONCE_OPEN", "ALWAYS_OPEN", "ALWAYS_CLOSE", "RELEASE_MANUAL_MODE"]) {
          const eventTime = Date.now();
          expectSuccess(await publish(asked, doorId, { eventTime, command }));
          await eventAfter(asked, REQUESTED[command] ?? command, doorId, eventTime);
        }
      },
      "a command for later is carried out then, and not before": async (asked) => {
        const { doorId } = await asked.world.operableDoor();
        const eventTime = Date.now() + 2_500;
        expectSuccess(await publish(asked, doorId, { eventTime, command: "ONCE_OPEN" }));
        const event = await eventAfter(asked, "DEV_DOOR_RELAY_ON", doorId, eventTime);
        expectThat("the bolt moved no sooner", numberAt(event, "eventAt") >= eventTime - 2_000, event);
      },
      "a command that CLUe does not have is refused": async (asked) => {
        const [door] = await asked.world.doors();
        expectRefused(await publish(asked, door?.doorId ?? 0, { eventTime: Date.now(), command: "EXPLODE" }), "e1005", "command");
      },
      "a command without eventTime is refused": async (asked) => {
        const [door] = await asked.world.doors();
        expectRefused(await publish(asked, door?.doorId ?? 0, { command: "ONCE_OPEN" }), "e1005", "eventTime");
      },
      "a door that is not there is refused as e1007": async (asked) => {
        expectRefused(await publish(asked, 999_999_999, { eventTime: Date.now(), command: "RELEASE_MANUAL_MODE" }), "e1007");
      },
    }),
  ],
};
