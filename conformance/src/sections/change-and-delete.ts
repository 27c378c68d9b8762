import { type Asked, casesOf, type Section } from "../case.ts";
import { at, expectEqual, expectRefused, expectShape, expectSuccess, expectThat, listAt, numberAt } from "../expect.ts";
import { AuthData } from "../shapes.ts";

const made = async ({ world }: Asked): Promise<number> => numberAt(await world.made(), "authId");

/** PATCH, PUT and DELETE. */
export const changeAndDelete: Section = {
  id: "change-and-delete",
  title: "Change and delete",
  cases: [
    ...casesOf("CLUe §1.3", "documented", {
      "PATCH changes what it names, at the top of the body, and keeps the rest": async (asked) => {
        const authId = await made(asked);
        const answer = await asked.clue.call({ method: "PATCH", path: `/v1/auths/${authId}`, body: { activeStatus: "INACTIVE" } });
        const data = expectSuccess(answer);
        expectShape("data", data, AuthData);
        expectEqual("activeStatus", at(data, "auth.activeStatus"), "INACTIVE");
        expectEqual("the card is kept", listAt(data, "auth.credentials.modes"), ["CARD"]);
      },
      "PUT overwrites the credentials whole": async (asked) => {
        const authId = await made(asked);
        const { auth } = asked.world.person({ credentials: { pin: "73519", modes: ["CODE_THEN_PIN"], name: "Anew" } });
        const data = expectSuccess(await asked.clue.call({ method: "PUT", path: `/v1/places/auths/${authId}`, body: auth }));
        expectEqual("the card is gone", at(data, "auth.credentials.cards") ?? [], []);
        expectEqual("the name is the new one", at(data, "auth.credentials.name"), "Anew");
      },
      "DELETE answers the bare envelope": async (asked) => {
        const answer = await asked.clue.call({ method: "DELETE", path: `/v1/places/auths/${await made(asked)}` });
        expectSuccess(answer);
        expectThat("there is no data", at(answer.body, "data") === undefined || at(answer.body, "data") === null, answer.body);
      },
      "a key is kept after DELETE, and names the same user in a new auth": async (asked) => {
        const { clue, world } = asked;
        const key = world.newKey();
        const first = await world.made(world.person({ user: { key } }));
        expectSuccess(await clue.call({ method: "DELETE", path: `/v1/places/auths/${numberAt(first, "authId")}` }));
        const second = await world.made(world.person({ user: { key } }));
        expectEqual("userId", at(second, "user.userId"), at(first, "user.userId"));
        expectThat("it is another auth", at(second, "authId") !== at(first, "authId"), second);
      },
    }),
    ...casesOf("CLUe §7", "ours", {
      "null in a PATCH takes a credential away": async (asked) => {
        const authId = await made(asked);
        const data = expectSuccess(
          await asked.clue.call({ method: "PATCH", path: `/v1/auths/${authId}`, body: { credentials: { cards: null, pin: "90817" } } }),
        );
        expectEqual("no card is left", at(data, "auth.credentials.cards") ?? [], []);
      },
      "lastModifiedAt does not go back": async (asked) => {
        const before = await asked.world.made();
        const body = { credentials: { name: "Later" } };
        const data = expectSuccess(await asked.clue.call({ method: "PATCH", path: `/v1/auths/${numberAt(before, "authId")}`, body }));
        expectThat("it is at least what it was", numberAt(data, "lastModifiedAt") >= numberAt(before, "lastModifiedAt"), data);
      },
      "a second DELETE is refused as e1007": async (asked) => {
        const path = `/v1/places/auths/${await made(asked)}`;
        expectSuccess(await asked.clue.call({ method: "DELETE", path }));
        expectRefused(await asked.clue.call({ method: "DELETE", path }), "e1007");
      },
      "a PATCH of somebody who is gone is refused as e1007": async (asked) => {
        const authId = await made(asked);
        await asked.clue.call({ method: "DELETE", path: `/v1/places/auths/${authId}` });
        expectRefused(await asked.clue.call({ method: "PATCH", path: `/v1/auths/${authId}`, body: { activeStatus: "ACTIVE" } }), "e1007");
      },
      "an end before the start is refused, and changes nothing": async (asked) => {
        const before = await asked.world.made();
        const authId = numberAt(before, "authId");
        expectRefused(
          await asked.clue.call({ method: "PATCH", path: `/v1/auths/${authId}`, body: { startTime: 2_000, endTime: 1_000 } }),
          "e1005",
        );
        const after = expectSuccess(await asked.clue.call({ method: "PATCH", path: `/v1/auths/${authId}`, body: {} }));
        expectEqual("endTime", at(after, "auth.endTime"), at(before, "auth.endTime"));
      },
    }),
  ],
};
