import { casesOf, type Section } from "../case.ts";
import type { Answer } from "../clue-client.ts";
import { at, expectEqual, expectRefused, expectSuccess, expectThat, listAt } from "../expect.ts";

/** The envelope, keys, errors and prefixes that every call shares. */
export const conventions: Section = {
  id: "conventions",
  title: "Conventions",
  cases: [
    ...casesOf("CLUe §1.1", "documented", {
      "a success is 200 with code, status and data": async ({ clue, world }) => {
        const answer = await clue.get(`/v1/places/${await world.placeId()}/doors`);
        expectThat("data is a list", Array.isArray(expectSuccess(answer)), answer.body);
      },
      "a list tells how many match": async ({ clue, world }) => {
        const answer = await clue.get(`/v1/places/${await world.placeId()}/doors`);
        expectEqual("total is a number", typeof at(answer.body, "total"), "number");
      },
      "a failure is 400 with a list of errors": async ({ clue, world }) => {
        expectRefused(await clue.post(`/v1/places/${await world.placeId()}/auths`, {}), "e1005");
      },
      "a body that is no JSON is refused as e1004": async ({ clue, world }) => {
        expectRefused(await clue.post(`/v1/places/${await world.placeId()}/auths`, "{"), "e1004");
      },
      "a thing that is not there is refused as e1007": async ({ clue }) => {
        expectRefused(await clue.call({ method: "DELETE", path: "/v1/places/auths/999999999999" }), "e1007");
      },
      "events are listed by the older path and by the newer": async ({ clue, world }) => {
        const placeId = await world.placeId();
        expectSuccess(await clue.get("/v1/be/events", { placeId, size: 1 }));
        expectSuccess(await clue.get(`/v1/events/places/${placeId}/elastic`, { size: 1 }));
      },
    }),
    ...casesOf("CLUe §7", "ours", {
      "a call without a key is 401 with e1001": async ({ clue }) => {
        const answer = await clue.call({ method: "GET", path: "/v1/events", authorization: null });
        expectEqual("the status is 401", answer.status, 401);
        expectRefused(answer, "e1001");
      },
      "a key that was never issued is 401 with e1001": async ({ clue }) => {
        const answer = await clue.call({ method: "GET", path: "/v1/events", authorization: "Bearer not.a.key" });
        expectEqual("the status is 401", answer.status, 401);
        expectRefused(answer, "e1001");
      },
      "the word before the key is read in any case": async ({ clue, world }) => {
        const path = `/v1/places/${await world.placeId()}/doors`;
        expectSuccess(await clue.call({ method: "GET", path, authorization: clue.authorization("bearer ") }));
        expectSuccess(await clue.call({ method: "GET", path, authorization: clue.authorization("BEARER ") }));
      },
      "the key alone is read as the key": async ({ clue, world }) => {
        expectSuccess(
          await clue.call({ method: "GET", path: `/v1/places/${await world.placeId()}/doors`, authorization: clue.authorization("") }),
        );
      },
      "the prefix /api/v1 answers alike": async ({ clue, world }) => {
        const answer = await clue.get(`/api/v1/places/${await world.placeId()}/doors`);
        expectThat("data is a list", Array.isArray(expectSuccess(answer)), answer.body);
      },
      "a wrong field is named in details by its path": async ({ clue, world }) => {
        const { auth } = world.person();
        const answer = await clue.post(`/v1/places/${await world.placeId()}/auths`, {
          user: { key: world.newKey() },
          auth: { ...Object(auth), endTime: "soon" },
        });
        expectRefused(answer, ["e1005", "e1008"], "auth.endTime");
      },
      "all wrong fields are named at once": async ({ clue, world }) => {
        const answer = await clue.post(`/v1/places/${await world.placeId()}/auths`, { user: {}, auth: { activeStatus: "MAYBE" } });
        expectRefused(answer, "e1005", "user.key");
        expectRefused(answer, "e1005", "auth.activeStatus");
      },
      "no answer repeats a PIN that it refuses": async ({ clue, world }) => {
        const body = world.person({ credentials: { pin: "98765432109876543" } });
        const answer = await clue.post(`/v1/places/${await world.placeId()}/auths`, body);
        expectRefused(answer, "e1005", "auth.credentials.pin");
        expectThat("the PIN is not repeated", !answer.text.includes("98765432109876543"), answer.body);
      },
      "somebody else's place and one that does not exist answer alike": async ({ clue }) => {
        const one = await clue.get("/v1/places/999999999998/doors");
        const other = await clue.get("/v1/places/1/doors");
        expectRefused(one, "e1007");
        const told = ({ body }: Answer): unknown => listAt(body, "errors").map((error) => [at(error, "code"), at(error, "message")]);
        expectEqual("both answers say the same", told(other), told(one));
      },
      "a byte-order mark before the body is left out of account": async ({ world, clue }) => {
        const answer = await clue.post(`/v1/places/${await world.placeId()}/auths`, `\uFEFF${JSON.stringify({ user: {} })}`);
        expectRefused(answer, "e1005");
        expectThat("fields are named, so the body was read", listAt(answer.body, "errors").length > 0, answer.body);
      },
    }),
  ],
};
