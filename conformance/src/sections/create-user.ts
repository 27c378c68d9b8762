import { type Asked, type Case, casesOf, type Section } from "../case.ts";
import { at, expectEqual, expectRefused, expectShape, expectSuccess, expectThat, listAt, numberAt } from "../expect.ts";
import { AuthData } from "../shapes.ts";
import type { PersonChanges } from "../world.ts";

const FOREVER_MS = 2_147_353_200_000;
const TOO_LATE_MS = Date.UTC(2038, 1, 1);

/** A change of a good request that must be refused, and the field that must be named. */
interface Refusal extends PersonChanges {
  readonly field: string;
  readonly codes?: readonly string[];
}

const refusals = (all: Readonly<Record<string, Refusal>>): Readonly<Record<string, Case["run"]>> =>
  Object.fromEntries(
    Object.entries(all).map(([name, { field, codes = ["e1005", "e1008"], ...changes }]) => [
      name,
      async ({ world }: Asked) => expectRefused(await world.create(world.person(changes)), codes, field),
    ]),
  );

/** "Register User" of the guide, and its newer form. */
export const createUser: Section = {
  id: "create-user",
  title: "Create a user with credentials",
  cases: [
    ...casesOf("guide: Register User", "documented", {
      "the guide's request makes a user, by its own path": async ({ world }) => {
        const doorIds = (await world.doors()).map(({ doorId }) => doorId);
        const body = world.person({
          auth: { doorAccessType: "SPECIFIC", doorIds, scheduleType: "SPECIFIC", scheduleId: world.scheduleId() },
        });
        const answer = await world.create(body, `/v1/be/places/${await world.placeId()}/auths`);
        const data = expectSuccess(answer);
        expectShape("data", data, AuthData);
        expectEqual("the schedule is told", at(data, "auth.scheduleId"), world.scheduleId());
        expectEqual(
          "the doors are told by id",
          listAt(data, "auth.doors").map((door) => at(door, "doorId")),
          doorIds,
        );
      },
      "a photo of a face is taken, and its mode is told": async ({ world }) => {
        const data = await world.made(world.person({ credentials: { faceImages: [world.photo()] } }));
        expectThat("modes hold FACE", listAt(data, "auth.credentials.modes").includes("FACE"), at(data, "auth.credentials"));
      },
    }),
    ...casesOf("CLUe §1.2", "documented", {
      "the newer path makes a user, with user and auth under data": async ({ world }) => {
        expectShape("data", await world.made(), AuthData);
      },
      "user.name echoes the name of the credentials": async ({ world }) => {
        const data = await world.made(world.person({ user: { name: "Elsewhere" }, credentials: { name: "テスト ユーザー", cards: [] } }));
        expectEqual("user.name", at(data, "user.name"), "テスト ユーザー");
        expectEqual("credentials.name", at(data, "auth.credentials.name"), "テスト ユーザー");
      },
      "credentials may hold a name alone": async ({ world }) => {
        expectShape("data", await world.made(world.person({ credentials: { name: "Somebody" } })), AuthData);
      },
      "a WIEGAND card is a facility and a number": async ({ world }) => {
        const cardNumber = `${Number(world.newCard()) % 200}-${Number(world.newCard()) % 60_000}`;
        expectShape("data", await world.made(world.person({ credentials: { cards: [{ cardNumber, formatType: "WIEGAND" }] } })), AuthData);
      },
      "a PIN as a number and as a string are both taken, and neither is returned": async ({ world }) => {
        for (const pin of [482_915, "048291"]) {
          const answer = await world.create(world.person({ credentials: { pin } }));
          expectSuccess(answer);
          expectThat("the PIN is not in the answer", !answer.text.includes(String(pin)), answer.body);
        }
      },
      "the end that stands for for ever is taken": async ({ world }) => {
        const data = await world.made(world.person({ auth: { endTime: FOREVER_MS } }));
        expectEqual("endTime", at(data, "auth.endTime"), FOREVER_MS);
      },
      "a key may have lowercase letters, digits and - _ @ .": async ({ world }) => {
        const key = `${world.newKey()}-a_b@c.d`;
        expectEqual("user.key", at(await world.made(world.person({ user: { key } })), "user.key"), key);
      },
      "a picture without a face is refused as f1002": async ({ world }) => {
        expectRefused(await world.create(world.person({ credentials: { faceImages: [world.emptyPicture()] } })), ["f1002", "f1001"]);
      },
      "a photo of a face that looks aside is refused as f1000": async ({ world }) => {
        expectRefused(await world.create(world.person({ credentials: { faceImages: [world.turnedPhoto()] } })), "f1000");
      },
      "a key of 64 characters and a name of 50 are taken": async ({ world }) => {
        const key = world.newKey().padEnd(64, "k");
        const name = "n".repeat(50);
        const data = await world.made(world.person({ user: { key }, credentials: { name } }));
        expectEqual("user.key", at(data, "user.key"), key);
        expectEqual("credentials.name", at(data, "auth.credentials.name"), name);
      },
      "two cards are taken": async ({ world }) => {
        const cards = [world.newCard(), world.newCard()].map((cardNumber) => ({ cardNumber, formatType: "CSN" }));
        await world.made(world.person({ credentials: { cards } }));
      },
      "whoever is created has INACTIVE kept": async ({ world }) => {
        expectEqual(
          "activeStatus",
          at(await world.made(world.person({ auth: { activeStatus: "INACTIVE" } })), "auth.activeStatus"),
          "INACTIVE",
        );
      },
      ...refusals({
        "a user without a key is refused, naming user.key": { user: { key: undefined }, field: "user.key" },
        "a key with capital letters is refused": { user: { key: "ABC" }, field: "user.key" },
        "a key of 65 characters is refused": { user: { key: "k".repeat(65) }, field: "user.key" },
        "a status that CLUe does not have is refused": { auth: { activeStatus: "PAUSED" }, field: "auth.activeStatus" },
        "an auth without startTime is refused": { auth: { startTime: undefined }, field: "auth.startTime" },
        "an auth without endTime is refused": { auth: { endTime: undefined }, field: "auth.endTime" },
        "an end in February 2038 is refused": { auth: { endTime: TOO_LATE_MS }, field: "auth.endTime" },
        "SPECIFIC doors without doorIds are refused": { auth: { doorAccessType: "SPECIFIC" }, field: "auth.doorIds" },
        "a SPECIFIC schedule without scheduleId is refused": { auth: { scheduleType: "SPECIFIC" }, field: "auth.scheduleId" },
        "three cards are refused": {
          credentials: { cards: ["1", "2", "3"].map((digit) => ({ cardNumber: `99887766${digit}`, formatType: "CSN" })) },
          field: "auth.credentials.cards",
        },
        "three photos are refused": {
          credentials: { faceImages: ["aGVsbG8=", "aGVsbG8=", "aGVsbG8="] },
          field: "auth.credentials.faceImages",
        },
        "a card of an unknown format is refused": {
          credentials: { cards: [{ cardNumber: "1", formatType: "NFC" }] },
          field: "auth.credentials.cards[0].formatType",
        },
        "a name of 51 characters is refused": { credentials: { name: "n".repeat(51) }, field: "auth.credentials.name" },
        "a name with two spaces in a row is refused": { credentials: { name: "Ada  Lovelace" }, field: "auth.credentials.name" },
        "a photo that is no picture is refused": { credentials: { faceImages: ["aGVsbG8="] }, field: "auth.credentials.faceImages[0]" },
      }),
      "a door that the place does not have is refused": async ({ world }) => {
        expectRefused(await world.create(world.person({ auth: { doorAccessType: "SPECIFIC", doorIds: [999_999_999] } })), [
          "e1005",
          "e1006",
          "e1007",
        ]);
      },
      "a place that does not exist is refused as e1007": async ({ world }) => {
        expectRefused(await world.create(world.person(), "/v1/places/999999999999/auths"), "e1007");
      },
    }),
    ...casesOf("CLUe §7", "ours", {
      "the same body again answers the same authId": async ({ world }) => {
        const body = world.person();
        const first = numberAt(await world.made(body), "authId");
        expectEqual("authId", numberAt(await world.made(body), "authId"), first);
      },
      "the last end before February 2038 is taken": async ({ world }) => {
        const data = await world.made(world.person({ auth: { endTime: TOO_LATE_MS - 1 } }));
        expectEqual("endTime", at(data, "auth.endTime"), TOO_LATE_MS - 1);
      },
      "an Idempotency-Key that was sent with another body is refused as e1006": async ({ clue, world }) => {
        const path = `/v1/places/${await world.placeId()}/auths`;
        const headers = { "idempotency-key": world.newKey() };
        const first = world.person();
        const authId = numberAt(expectSuccess(await world.created({ path, headers, body: first })), "authId");
        expectEqual("the same body", numberAt(expectSuccess(await world.created({ path, headers, body: first })), "authId"), authId);
        expectRefused(await world.created({ path, headers, body: world.person() }), "e1006");
        expectSuccess(await clue.call({ method: "DELETE", path: `/v1/places/auths/${authId}` }));
      },
      "another body for a key with a right here is refused as e1006": async ({ world }) => {
        const { user } = world.person();
        await world.made(world.person({ user: Object(user) }));
        expectRefused(await world.create(world.person({ user: Object(user) })), "e1006");
      },
      "numbers may come as strings": async ({ world }) => {
        const body = world.person({ auth: { startTime: "1700000000000", endTime: String(FOREVER_MS) } });
        expectEqual("startTime", at(await world.made(body), "auth.startTime"), 1_700_000_000_000);
      },
      "one photo may come as a text in place of a list": async ({ world }) => {
        await world.made(world.person({ credentials: { faceImages: world.photo() } }));
      },
      "a card may come as its number alone, and is a CSN": async ({ world }) => {
        const data = await world.made(world.person({ credentials: { cards: [world.newCard()] } }));
        expectEqual("formatType", at(listAt(data, "auth.credentials.cards")[0], "formatType"), "CSN");
      },
      "null is as if the field were absent": async ({ world }) => {
        await world.made(
          world.person({ user: { name: null }, credentials: { pin: null, phone: null, faceImages: null, cards: [world.newCard()] } }),
        );
      },
      "members that CLUe does not know are left out of account": async ({ world }) => {
        await world.made({ ...world.person({ auth: { favourite: "blue" } }), extra: 1 });
      },
      "a name is not needed": async ({ world }) => {
        const key = world.newKey();
        expectEqual("the key stands for it", at(await world.made(world.person({ user: { key, name: undefined } })), "user.name"), key);
      },
      "a period in the past is taken": async ({ world }) => {
        await world.made(world.person({ auth: { startTime: 1_000, endTime: 2_000 } }));
      },
      "a card that somebody of the place has is refused, named by its place in the request": async ({ world }) => {
        const card = { cardNumber: world.newCard(), formatType: "CSN" };
        await world.made(world.person({ credentials: { cards: [card] } }));
        expectRefused(
          await world.create(world.person({ credentials: { cards: [card] } })),
          ["e1005", "e1006"],
          "auth.credentials.cards[0]",
        );
      },
      "leading zeros of a card's number do not count": async ({ world }) => {
        const cardNumber = world.newCard();
        await world.made(world.person({ credentials: { cards: [{ cardNumber, formatType: "CSN" }] } }));
        const again = { cardNumber: `00${cardNumber}`, formatType: "CSN" };
        expectRefused(
          await world.create(world.person({ credentials: { cards: [again] } })),
          ["e1005", "e1006"],
          "auth.credentials.cards[0]",
        );
      },
      "a PIN of three digits is refused": async ({ world }) => {
        expectRefused(await world.create(world.person({ credentials: { pin: "123" } })), "e1005", "auth.credentials.pin");
      },
      "a unique PIN is taken, and a second holder refused": async ({ world }) => {
        const uniquePin = String(Number(world.newCard()) % 1_000_000_000).padStart(10, "7");
        await world.made(world.person({ credentials: { uniquePin } }));
        expectRefused(await world.create(world.person({ credentials: { uniquePin } })), ["e1005", "e1006"]);
      },
    }),
  ],
};
