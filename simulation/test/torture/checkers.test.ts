import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AUTH_ID,
  accusations,
  at,
  authOf,
  CONTROLLER_ID,
  change,
  DOOR_ID,
  eventRow,
  gone,
  granted,
  opened,
  presented,
  relay,
  rostered,
  type Spoilable,
  version,
  written,
} from "./sound-evidence.ts";

/** A promise, how it is broken, and how the checkers say so. */
interface Flaw {
  readonly promise: string;
  readonly spoil: (evidence: Spoilable) => void;
  readonly says: RegExp;
}

const LOGS: readonly Flaw[] = [
  {
    promise: "an event that a door still keeps is in the ledger in the end",
    spoil: (evidence) => {
      evidence.doors = evidence.doors.map((door) => ({ ...door, storedThrough: 0 }));
      evidence.database.events = evidence.database.events.slice(0, 3);
      evidence.database.nextSequence = 4;
    },
    says: /^nothing lost: log 77 is kept at its door and the ledger lacks 4$/,
  },
  {
    promise: "what was answered as stored is there although its door keeps it no more",
    spoil: ({ database }) => {
      database.events = database.events.slice(0, 3);
      database.nextSequence = 4;
    },
    says: /^stored: number 4 of log 77 was answered as stored and is not committed$/,
  },
  {
    promise: "each number of a log is in the ledger once",
    spoil: ({ database }) => {
      database.events = [...database.events, eventRow(5, 2, granted(3))];
      database.nextSequence = 6;
    },
    says: /^ledger: number 2 of log 77 stands twice in the ledger$/,
  },
  {
    promise: "the numbers of a log are in the ledger in their order",
    spoil: ({ database }) => {
      database.events = [0, 2, 1, 3].map((from, index) => ({ ...database.events[from], sequence: index + 1 }) as never);
    },
    says: /^ledger: number 2 of log 77 stands after 3 in the ledger$/,
  },
  {
    promise: "a number that is missing is declared lost",
    spoil: (evidence) => {
      evidence.doors = evidence.doors.map((door) => ({ ...door, events: door.events.filter(({ number }) => number !== 3) }));
      evidence.database.events = evidence.database.events
        .filter(({ localLogId }) => localLogId !== 3)
        .map((row, index) => ({ ...row, sequence: index + 1 }));
      evidence.database.nextSequence = 4;
    },
    says: /^holes: number 3 of log 77 is missing before 4, and nothing declares it lost$/,
  },
  {
    promise: "the sequences of the ledger have no hole",
    spoil: ({ database }) => {
      database.events = database.events.map((row) => (row.sequence === 4 ? { ...row, sequence: 5 } : row));
    },
    says: /^ledger: event 4 of the ledger has the sequence 5$/,
  },
  {
    promise: "an event stands in the ledger as the door wrote it",
    spoil: ({ database }) => {
      database.events = database.events.map((row) => (row.localLogId === 2 ? { ...row, authId: 7 } : row));
    },
    says: /^ledger: number 2 of log 77 says \d+ and the door wrote DEV_CARD_AUTH_SUCCESS$/,
  },
];

const PASSAGES: readonly Flaw[] = [
  {
    promise: "nobody passes after the door has confirmed that the right is gone",
    spoil: (evidence) => {
      evidence.journal.presented.push(presented(8));
      written(evidence, [granted(3), relay(3, true), relay(4, false), granted(8), relay(8, true), relay(9, false)]);
    },
    says: /^passage: auth 1000 passed door 100 at controller 0, which had confirmed revision 12 of epoch: nothing it may believe allows it/,
  },
  {
    promise: "nobody passes before the right was made",
    spoil: (evidence) => {
      evidence.journal.presented = [presented(0)];
      written(evidence, [granted(0), relay(0, true)]);
    },
    says: /^passage: auth 1000 passed door 100 at controller 0, which had confirmed nothing/,
  },
  {
    promise: "nobody passes a door that was never theirs",
    spoil: (evidence) => rostered(evidence, [version(1, 11, authOf(1, { doors: [DOOR_ID + 1] })), gone(5, 12)]),
    says: /^passage: auth 1000 passed door 100/,
  },
  {
    promise: "nobody passes from the end of the right on",
    spoil: (evidence) => rostered(evidence, [version(1, 11, authOf(1, { endMs: at(2) })), gone(5, 12)]),
    says: /^passage: auth 1000 passed door 100/,
  },
  {
    promise: "nobody passes a door that has confirmed that an operator holds it locked",
    spoil: (evidence) => {
      const locked = { kind: "mode", id: DOOR_ID, operator: "locked", lockdown: false } as const;
      rostered(evidence, [version(0, 10, locked), version(1, 11, authOf(1)), gone(5, 12)]);
    },
    says: /^passage: auth 1000 passed door 100/,
  },
  {
    promise: "nobody is let in who presented nothing",
    spoil: ({ journal }) => {
      journal.presented = [];
    },
    says: /^passage: controller 0 has let auth 1000 pass door 100 1 times, presented at most 0 times$/,
  },
  {
    promise: "a door that opened has written down for whom",
    spoil: (evidence) => written(evidence, []),
    says: /^recorded first: door 100 opened 1 times for auth 1000, and controller 0 has written down 0$/,
  },
  {
    promise: "a bolt moves for a reason that is written down before",
    spoil: (evidence) =>
      written(evidence, [granted(3), relay(3, true), relay(4, false), { ...granted(6), eventType: "DEV_CARD_AUTH_FAIL" }, relay(6, true)]),
    says: /^recorded first: the bolt of door 100 moved at controller 0 after DEV_CARD_AUTH_FAIL was written down$/,
  },
  {
    promise: "a command opens once",
    spoil: (evidence) => written(evidence, [granted(3), relay(3, true), relay(4, false), opened(5, 9), relay(5, true), opened(6, 9)]),
    says: /^commands: command 9 opened door 100 twice$/,
  },
  {
    promise: "a command does not open after its time",
    spoil: (evidence) => {
      evidence.journal.commands.set(9, at(4));
      written(evidence, [granted(3), relay(3, true), relay(4, false), opened(5, 9), relay(5, true)]);
    },
    says: /^commands: command 9 opened door 100 after its time$/,
  },
  {
    promise: "a door stamps what happens with a time near ours",
    spoil: (evidence) => written(evidence, [{ ...granted(3), eventAt: at(3_600) }, relay(3, true)]),
    says: /^clock: controller 0 wrote/,
  },
];

const CHANGES: readonly Flaw[] = [
  {
    promise: "a change that was answered as done is in the database",
    spoil: ({ journal }) => void journal.changes.push(change(3, 2, { kind: "move" })),
    says: /^changes: change 3 \(move by v2\) was answered as done and is not in the roster$/,
  },
  {
    promise: "an end that was answered as done is in the database",
    spoil: ({ journal }) => void journal.changes.push(change(3, 6, { kind: "revoke", wanted: "gone", authId: 1_001 })),
    says: /^changes: change 3 \(revoke by v2\) was answered as done and auth 1001 has not ended$/,
  },
  {
    promise: "a change that was refused is not in the roster",
    spoil: ({ journal }) => {
      journal.changes[0] = change(1, 1, { outcome: "refused", code: "conflict" });
    },
    says: /^changes: change 1 \(enrol by v2\) was refused \(conflict\) and is in the roster$/,
  },
  {
    promise: "a change that was refused is not in the tables of people",
    spoil: (evidence) => {
      evidence.journal.changes.push(change(3, 2, { outcome: "refused", code: "conflict", authId: null }));
      evidence.database.auths = evidence.database.auths.map((auth) => ({ ...auth, name: authOf(3).name }));
    },
    says: /^changes: auth 1000 is as change 3 would have it, which was refused$/,
  },
  {
    promise: "a change is made as it was asked for",
    spoil: (evidence) => rostered(evidence, [version(1, 11, authOf(1, { status: "INACTIVE" })), version(1, 12, authOf(1)), gone(5, 13)]),
    says: /^changes: change 1 \(enrol by v2\) made something else than was asked for: status$/,
  },
  {
    promise: "a change is made once",
    spoil: (evidence) => rostered(evidence, [version(1, 11, authOf(1)), version(2, 12, authOf(1, { endMs: at(9_000) })), gone(5, 13)]),
    says: /^changes: change 1 \(enrol by v2\) stands 2 times in the roster$/,
  },
  {
    promise: "a change is written before it is answered",
    spoil: (evidence) => rostered(evidence, [version(3, 11, authOf(1)), gone(5, 12)]),
    says: /^changes: change 1 \(enrol by v2\) was answered before it was written$/,
  },
  {
    promise: "nothing changes that nobody asked for",
    spoil: ({ journal }) => void journal.changes.shift(),
    says: /^changes: the roster has a change 1 that nobody asked for$/,
  },
  {
    promise: "no right ends that nobody asked to end",
    spoil: ({ journal }) => {
      journal.changes = journal.changes.map((each) => (each.wanted === "gone" ? { ...each, outcome: "refused" } : each));
    },
    says: /^changes: auth:1000 was ended and nobody who was not refused asked for it$/,
  },
];

const TABLES: readonly Flaw[] = [
  {
    promise: "a right that stands is in the roster",
    spoil: ({ database }) => {
      database.auths = database.auths.map((auth) => ({ ...auth, isDeleted: false }));
    },
    says: /^people: auth 1000 of person-1: it stands and the roster does not hold it$/,
  },
  {
    promise: "a right that has ended is not in the roster",
    spoil: (evidence) => {
      rostered(evidence, [version(1, 11, authOf(1))]);
      evidence.database.auths = evidence.database.auths.map((auth) => ({ ...auth, cards: [], isDeleted: true }));
    },
    says: /^people: auth 1000 of person-1: it has ended and the roster holds it$/,
  },
  {
    promise: "the cards of a right that has ended are free",
    spoil: ({ database }) => {
      database.auths = database.auths.map((auth) => ({ ...auth, cards: ["CSN:1"] }));
    },
    says: /^people: auth 1000 of person-1: it has ended and keeps its cards$/,
  },
  {
    promise: "the tables of people and the roster say the same of a right",
    spoil: (evidence) => {
      rostered(evidence, [version(1, 11, authOf(1))]);
      evidence.database.auths = evidence.database.auths.map((auth) => ({ ...auth, cards: [] }));
    },
    says: /^people: auth 1000 of person-1: its cards is another in the roster$/,
  },
  {
    promise: "the roster holds nobody whom the tables of people do not know",
    spoil: (evidence) => {
      rostered(evidence, [version(1, 11, authOf(1))]);
      evidence.database.auths = [];
    },
    says: /^people: the roster holds auth:1000, which is nobody's right$/,
  },
  {
    promise: "the sums that digests are made of are those of the items",
    spoil: ({ database }) => {
      database.sums = new Map([...database.sums].map(([key, sum], index) => [key, index === 0 ? sum + 1n : sum]));
    },
    says: /^people: the sum of bucket \d+:\d+ is not that of its items$/,
  },
];

const REPLICAS: readonly Flaw[] = [
  {
    promise: "in the end a replica holds everything that it should",
    spoil: (evidence) => held(evidence, (items) => items.slice(1)),
    says: /^convergence: controller 0 does not hold what it should: place:1 \(1\)$/,
  },
  {
    promise: "in the end a replica holds nobody who was revoked",
    spoil: (evidence) => held(evidence, (items) => [...items, { kind: "item", key: `auth:${AUTH_ID}`, revision: 11, item: authOf(1) }]),
    says: /^convergence: controller 0 does not hold what it should: auth:1000 \(1\)$/,
  },
  {
    promise: "the digest that a controller confirmed is that of what is on its disk",
    spoil: ({ database }) => {
      database.controllers = database.controllers.map((each) => ({ ...each, confirmedDigest: "00" }));
    },
    says: /^convergence: the digest that controller 0 confirmed is not that of what it holds$/,
  },
  {
    promise: "in the end a replica is at the newest revision",
    spoil: (evidence) => {
      const position = { epoch: "epoch", urgentTo: 12, completeTo: 11, filling: null };
      evidence.doors = evidence.doors.map((door) => ({ ...door, replica: { ...door.replica, position } }));
    },
    says: /^convergence: controller 0 is at 11 of epoch epoch, and the server at 12 of epoch$/,
  },
  {
    promise: "in the end the server knows what its controllers have confirmed",
    spoil: ({ database }) => {
      database.controllers = database.controllers.map((each) => ({ ...each, confirmedRevision: 11 }));
    },
    says: /^convergence: the server knows of controller 0 that it confirmed 11 of 12$/,
  },
];

function held(
  evidence: Spoilable,
  change: (items: Spoilable["doors"][number]["replica"]["items"]) => Spoilable["doors"][number]["replica"]["items"],
): void {
  evidence.doors = evidence.doors.map((door) => ({ ...door, replica: { ...door.replica, items: change(door.replica.items) } }));
}

test("a run that kept every promise is accused of nothing", () => {
  assert.deepEqual(
    accusations(() => undefined),
    [],
  );
});

for (const { promise, spoil, says } of [...LOGS, ...PASSAGES, ...CHANGES, ...TABLES, ...REPLICAS]) {
  test(`broken, it is told: ${promise}`, () => {
    const said = accusations(spoil);
    assert.ok(
      said.some((one) => says.test(one)),
      `it says ${JSON.stringify(said)}`,
    );
  });
}

test("a door that was told nothing newer may believe what it last confirmed", () => {
  const said = accusations((evidence) => {
    evidence.journal.confirmed.pop();
    evidence.journal.presented.push(presented(8));
    written(evidence, [granted(3), relay(3, true), relay(4, false), granted(8), relay(8, true), relay(9, false)]);
  });
  assert.deepEqual(said, []);
});

test("a presentation under which the door was killed may have opened or not, and one that opened is never its excuse", () => {
  const killed = presented(4, { outcome: "unknown", authId: null });
  assert.deepEqual(
    accusations(({ journal }) => void journal.presented.splice(1, 0, killed)),
    [],
  );
  const both = (evidence: Spoilable): void => {
    evidence.journal.presented.splice(1, 0, killed);
    written(evidence, [granted(3), relay(3, true), relay(4, false), granted(4)]);
  };
  assert.deepEqual(accusations(both), []);
  // Killed after the revocation was confirmed: the one grant there is belongs to the presentation that opened, and the other one is too many.
  const late = presented(9, { outcome: "unknown", authId: null });
  const said = accusations((evidence) => {
    evidence.journal.presented.push(late);
    written(evidence, [granted(3), relay(3, true), relay(4, false), granted(9)]);
  });
  assert.equal(said.length, 1);
  assert.match(said[0] ?? "", /^passage: auth 1000 passed door 100/);
});

test("an unanswered change may be there or not", () => {
  const unknown = (evidence: Spoilable): void => {
    evidence.journal.changes[0] = change(1, 1, { outcome: "unknown", authId: null, answeredMs: null });
    evidence.journal.changes.push(change(3, 2, { outcome: "unknown", authId: null }));
  };
  assert.deepEqual(accusations(unknown), []);
});

test("a controller of which nothing is known to be confirmed is held to nothing but the place's history", () => {
  assert.deepEqual(
    accusations(({ journal }) => {
      journal.confirmed = journal.confirmed.filter(({ controllerId }) => controllerId !== CONTROLLER_ID);
    }),
    [],
  );
});

test("an event that is another than it was when it was appended is told by the chain, whatever it says", () => {
  const said = accusations(
    ({ database }) => {
      database.events = database.events.map((row) => (row.sequence === 2 ? { ...row, detail: { by: "somebody" } } : row));
    },
    { isChained: true },
  );
  assert.deepEqual(said, ["chain: the chain's head is not the hash of the 4 events"]);
});
