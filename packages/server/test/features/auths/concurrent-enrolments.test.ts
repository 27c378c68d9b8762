import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { dataOf, refusedFor } from "../support/answers.ts";
import { bodyOf, csn } from "../support/create-bodies.ts";
import { type Answer, type FeatureServer, PLACE_ID, startFeatureServer } from "../support/feature-server.ts";

let server: FeatureServer;
before(async () => {
  server = await startFeatureServer();
});
after(() => server[Symbol.asyncDispose]());

interface Data {
  readonly authId: number;
}

function post(body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return server.call("POST", `/v1/places/${PLACE_ID}/auths`, { body, headers });
}

async function count(sql: string, values: readonly unknown[]): Promise<number> {
  const [row] = await server.test.database.query<{ n: number }>(`select count(*) as n from ${sql}`, values);
  return row?.n ?? -1;
}

test("twenty identical requests at once make one person with one auth, and all are answered with it", async () => {
  for (let round = 0; round < 5; round += 1) {
    const key = `twenty-${round}`;
    const body = bodyOf(key, { credentials: { cards: [csn(`3000${round}`)] } });
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(body)));
    const datas = answers.map((answer) => dataOf<Data>(answer));
    assert.deepEqual(
      datas,
      Array.from({ length: 20 }, () => datas[0]),
    );
    assert.equal(await count("users where key = $1", [key]), 1);
    assert.equal(await count("auths join users using (user_id) where key = $1", [key]), 1);
    assert.equal(await count("roster_items where item_key = $1", [`auth:${datas[0]?.authId}`]), 1);
  }
});

test("twenty different people wanting one card at once: one has it, the others are refused and nothing of them stays", async () => {
  for (let round = 0; round < 3; round += 1) {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => post(bodyOf(`card-${round}-${index}`, { credentials: { cards: [csn(`4000${round}`)] } }))),
    );
    const refused = answers.filter((answer) => answer.status !== 200);
    assert.equal(refused.length, 19);
    for (const answer of refused) assert.equal(refusedFor(answer), "e1006 auth.credentials.cards[0]");
    assert.equal(await count("users where key like $1", [`card-${round}-%`]), 1);
  }
});

test("people wanting the same two cards in opposite orders never wait for each other in a circle", async () => {
  for (let round = 0; round < 5; round += 1) {
    const cards = [csn(`5000${round}`), csn(`6000${round}`)];
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        post(bodyOf(`circle-${round}-${index}`, { credentials: { cards: index % 2 === 0 ? cards : cards.toReversed() } })),
      ),
    );
    assert.equal(answers.filter((answer) => answer.status === 200).length, 1);
    for (const answer of answers.filter((each) => each.status !== 200)) {
      assert.equal(refusedFor(answer), "e1006 auth.credentials.cards[0] auth.credentials.cards[1]");
    }
  }
  assert.ok(server.repeatedFor.length > 0, "they met");
  assert.ok(!server.repeatedFor.includes("40P01"), "no deadlock");
});

test("one Idempotency-Key used at once for different people enrols one of them", async () => {
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, index) => post(bodyOf(`once-${index}`), { "idempotency-key": "at-once" })),
  );
  assert.equal(answers.filter((answer) => answer.status === 200).length, 1);
  for (const answer of answers.filter((each) => each.status !== 200)) assert.equal(refusedFor(answer), "e1006 Idempotency-Key");
  assert.equal(await count("users where key like 'once-%'", []), 1);
});

test("enrolling and deleting the same person at once ends in one of the two states, in tables and roster alike", async () => {
  for (let round = 0; round < 10; round += 1) {
    const body = bodyOf(`flicker-${round}`, { credentials: { cards: [csn(`7000${round}`)] } });
    const { authId } = dataOf<Data>(await post(body));
    const [removed, again] = await Promise.all([server.call("DELETE", `/v1/auths/${authId}`), post(body)]);
    assert.equal(removed.status, 200);
    const live = dataOf<Data>(again).authId === authId ? 0 : 1;
    assert.equal(await count("auths join users using (user_id) where key = $1 and deleted_at is null", [`flicker-${round}`]), live);
    assert.equal(await count("cards where card_key = $1", [`CSN:7000${round}`]), live);
    assert.equal(await count("roster_items where item ->> 'name' = $1", [`flicker-${round}`]), live);
  }
});

test("of two who delete an auth at once, one is told that there is none", async () => {
  for (let round = 0; round < 10; round += 1) {
    const { authId } = dataOf<Data>(await post(bodyOf(`twice-${round}`)));
    const answers = await Promise.all([server.call("DELETE", `/v1/auths/${authId}`), server.call("DELETE", `/v1/places/auths/${authId}`)]);
    assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, 400]);
  }
});
