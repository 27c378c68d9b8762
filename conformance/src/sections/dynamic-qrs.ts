import { type Asked, casesOf, type Section } from "../case.ts";
import { at, expectEqual, expectRefused, expectShape, expectSuccess, expectThat, listAt, textAt } from "../expect.ts";
import { DynamicQr } from "../shapes.ts";

const DAY_MS = 86_400_000;
const PATH = "/v1/dynamic-qrs";

interface Issued {
  readonly id: string;
  readonly body: { readonly placeGroupId: number; readonly uniqueKey: string; readonly validFrom: number; readonly validTo: number };
}

/** Issues one to somebody who has a right at the place. */
async function issue({ clue, world }: Asked): Promise<Issued> {
  const placeGroupId = world.placeGroupId();
  const uniqueKey = textAt(await world.made(), "user.key");
  const validFrom = Date.now();
  const body = { placeGroupId, uniqueKey, validFrom, validTo: validFrom + DAY_MS };
  const data = expectSuccess(await clue.post(PATH, body));
  expectShape("data", data, DynamicQr);
  for (const [name, value] of Object.entries(body)) expectEqual(name, at(data, name), value);
  return { id: textAt(data, "dynamicQrId"), body };
}

/** Dynamic QRs: make, list, read, take away. */
export const dynamicQrs: Section = {
  id: "dynamic-qrs",
  title: "Dynamic QRs",
  cases: [
    ...casesOf("CLUe §1.9", "documented", {
      "a dynamic QR is issued, with the link for the phone": async (asked) => {
        const { id } = await issue(asked);
        const data = expectSuccess(await asked.clue.get(`${PATH}/${id}`));
        expectThat("the link names it", textAt(data, "dynamicQrUrl").endsWith(`qid=${id}`), data);
      },
      "those of a person are listed": async (asked) => {
        const { id, body } = await issue(asked);
        const { placeGroupId, uniqueKey } = body;
        const answer = await asked.clue.get(PATH, { placeGroupId, uniqueKey, page: 0, size: 15, sort: "createdAt,desc" });
        expectSuccess(answer);
        expectEqual(
          "they are this one",
          listAt(answer.body, "data").map((qr) => at(qr, "dynamicQrId")),
          [id],
        );
        expectEqual("total", at(answer.body, "total"), 1);
      },
      "one is taken away by its id, and is gone": async (asked) => {
        const { id } = await issue(asked);
        expectSuccess(await asked.clue.call({ method: "DELETE", path: `${PATH}/${id}` }));
        expectRefused(await asked.clue.get(`${PATH}/${id}`), "e1007");
      },
      "all of a person are taken away by the key": async (asked) => {
        const { id, body } = await issue(asked);
        const { placeGroupId, uniqueKey } = body;
        expectSuccess(await asked.clue.call({ method: "DELETE", path: PATH, query: { placeGroupId, uniqueKey } }));
        expectRefused(await asked.clue.get(`${PATH}/${id}`), "e1007");
      },
      "90 days from 89 days ago are taken": async ({ clue, world }) => {
        const validFrom = Date.now() - 89 * DAY_MS;
        const uniqueKey = textAt(await world.made(), "user.key");
        const body = { placeGroupId: world.placeGroupId(), uniqueKey, validFrom, validTo: validFrom + 90 * DAY_MS };
        expectShape("data", expectSuccess(await clue.post(PATH, body)), DynamicQr);
      },
      "more than 90 days are refused": async ({ clue, world }) => {
        const validFrom = Date.now();
        const body = { placeGroupId: world.placeGroupId(), uniqueKey: world.newKey(), validFrom, validTo: validFrom + 91 * DAY_MS };
        expectRefused(await clue.post(PATH, body), "e1005", "validTo");
      },
      "a beginning more than 90 days ago is refused": async ({ clue, world }) => {
        const validFrom = Date.now() - 91 * DAY_MS;
        const body = { placeGroupId: world.placeGroupId(), uniqueKey: world.newKey(), validFrom, validTo: validFrom + DAY_MS };
        expectRefused(await clue.post(PATH, body), "e1005", "validFrom");
      },
      "one without a key is refused": async ({ clue, world }) => {
        const validFrom = Date.now();
        expectRefused(
          await clue.post(PATH, { placeGroupId: world.placeGroupId(), validFrom, validTo: validFrom + DAY_MS }),
          "e1005",
          "uniqueKey",
        );
      },
    }),
  ],
};
