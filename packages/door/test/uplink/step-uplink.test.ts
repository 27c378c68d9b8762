import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@postern/core";
import fc from "fast-check";
import { RETRY_MS_FIRST, RETRY_MS_MAX, STALLED_ANSWERS_MAX } from "../../src/limits.ts";
import { retryDelayMs } from "../../src/uplink/retry-delay.ts";
import { stepUplink, type UplinkEffect, type UplinkInput, type UplinkState } from "../../src/uplink/step-uplink.ts";
import { UPLINK_TABLE } from "../../src/uplink/uplink-table.ts";
import { rosterFrame } from "../support/builders.ts";

const welcome = { session: 3, controllerId: 1, placeId: 1, epoch: "one", serverMs: 0, doors: [], marks: [] };

const INPUTS: Record<UplinkInput["kind"], UplinkInput> = {
  start: { kind: "start" },
  retry: { kind: "retry" },
  connected: { kind: "connected" },
  welcome: { kind: "welcome", frame: welcome },
  resumed: { kind: "resumed", cursor: { generation: 7, from: 1 } },
  settled: { kind: "settled" },
  appended: { kind: "appended" },
  drained: { kind: "drained" },
  time_due: { kind: "time_due" },
  stored: { kind: "stored", frame: { generation: 7, through: 4, refused: [] } },
  roster: { kind: "roster", frame: rosterFrame([]) },
  malformed: { kind: "malformed" },
  late: { kind: "late" },
  failed: { kind: "failed" },
  lost: { kind: "lost" },
  refused: { kind: "refused" },
  stop: { kind: "stop" },
};

const STATES: Record<UplinkState["kind"], UplinkState> = {
  idle: { kind: "idle" },
  connecting: { kind: "connecting", failureCount: 1 },
  greeting: { kind: "greeting", failureCount: 1 },
  live: {
    kind: "live",
    failureCount: 1,
    session: 3,
    cursor: { generation: 7, from: 1 },
    isSending: false,
    isAsking: false,
    stalledCount: 0,
    lastBatch: 0,
  },
  waiting: { kind: "waiting", failureCount: 1 },
};

function run(state: UplinkState, ...kinds: UplinkInput["kind"][]): { state: UplinkState; effects: UplinkEffect[] } {
  const effects: UplinkEffect[] = [];
  let current = state;
  for (const kind of kinds) {
    const step = stepUplink(current, INPUTS[kind]);
    current = step.state;
    effects.push(...step.effects);
  }
  return { state: current, effects };
}

function kindsOf(effects: readonly UplinkEffect[]): string[] {
  return effects.map((effect) => effect.kind);
}

test("uplink: every pairing of state and input is decided, and none is a bug", () => {
  for (const state of Object.values(STATES)) {
    for (const input of Object.values(INPUTS)) {
      assert.ok(UPLINK_TABLE[state.kind][input.kind] !== undefined);
      stepUplink(state, input);
    }
  }
});

test("uplink: a stop ends in idle from everywhere, and idle does nothing but start", () => {
  for (const state of Object.values(STATES)) assert.equal(run(state, "stop").state.kind, "idle");
  for (const kind of Object.keys(INPUTS) as UplinkInput["kind"][]) {
    assert.deepEqual(kindsOf(run(STATES.idle, kind).effects), kind === "start" ? ["set_timer", "connect"] : []);
  }
});

test("uplink: it greets once connected, and sends events only after the welcome was taken over", () => {
  const { state, effects } = run(STATES.idle, "start", "connected", "appended", "welcome", "appended", "resumed");
  assert.equal(state.kind, "live");
  assert.deepEqual(
    kindsOf(effects).filter((kind) => kind.startsWith("send") || kind.startsWith("take")),
    ["send_hello", "take_welcome", "send_events"],
  );
});

test("uplink: the connection is given up on frames out of turn, on malformed ones, on silence and on our own failure", () => {
  for (const kind of ["welcome", "malformed", "late", "failed", "lost"] as const) {
    const { state, effects } = run(STATES.live, kind);
    assert.equal(state.kind, "waiting");
    assert.deepEqual(kindsOf(effects), ["disconnect", "pause"]);
  }
  for (const kind of ["stored", "roster"] as const) assert.equal(run(STATES.greeting, kind).state.kind, "waiting");
});

test("uplink: a refused key asks for the server's time before the next attempt", () => {
  assert.deepEqual(kindsOf(run(STATES.connecting, "refused").effects), ["disconnect", "ask_server_time", "pause"]);
});

test("uplink: events that are appended while a frame is unanswered wait for its answer", () => {
  assert.deepEqual(kindsOf(run(STATES.live, "appended", "appended", "appended").effects), ["set_timer", "send_events"]);
});

test("uplink: stored sends on from behind what was stored, and expect from what is wanted", () => {
  const sending = run(STATES.live, "appended").state;
  const onwards = stepUplink(sending, { kind: "stored", frame: { generation: 7, through: 4, refused: [] } });
  assert.deepEqual(onwards.effects.at(-1), { kind: "send_events", cursor: { generation: 7, from: 5 } });
  const back = stepUplink(sending, {
    kind: "stored",
    frame: { generation: 7, through: 0, refused: [], expect: { generation: 6, from: 2 } },
  });
  assert.deepEqual(back.effects.at(-1), { kind: "send_events", cursor: { generation: 6, from: 2 } });
});

test("uplink: answers that move nothing forward end in a pause instead of a race", () => {
  let state = run(STATES.live, "appended").state;
  for (let count = 0; count < STALLED_ANSWERS_MAX; count += 1) {
    state = stepUplink(state, { kind: "stored", frame: { generation: 7, through: 0, refused: [] } }).state;
    assert.equal(state.kind, "live");
  }
  assert.equal(stepUplink(state, { kind: "stored", frame: { generation: 7, through: 0, refused: [] } }).state.kind, "waiting");
});

test("uplink: only a session that lasted makes the next loss a first one again", () => {
  assert.deepEqual(run(STATES.live, "lost").effects.at(-1), { kind: "pause", failureCount: 1 });
  assert.deepEqual(run(STATES.live, "settled", "lost").effects.at(-1), { kind: "pause", failureCount: 0 });
});

/** Watches the effects of a link, as the server and the socket would see them. */
class Witness {
  #isConnected = false;
  #isUnanswered = false;

  see(before: UplinkState, input: UplinkInput["kind"], { state, effects }: ReturnType<typeof stepUplink>): void {
    if (input === "stored" || input === "drained") this.#isUnanswered = false;
    for (const effect of effects) this.#seeEffect(before, state, effect);
  }

  #seeEffect(before: UplinkState, after: UplinkState, effect: UplinkEffect): void {
    switch (effect.kind) {
      case "connect":
        assert.equal(this.#isConnected, false, "one connection at a time");
        this.#isConnected = true;
        break;
      case "disconnect":
        this.#isConnected = false;
        this.#isUnanswered = false;
        break;
      case "send_hello":
        assert.equal(before.kind, "connecting");
        break;
      case "send_events":
        assert.equal(after.kind, "live");
        assert.equal(this.#isUnanswered, false, "one frame at a time");
        this.#isUnanswered = true;
        break;
      default:
        break;
    }
  }
}

test("uplink: whatever comes, one events frame is unanswered at a time, and none is sent but in a live session", () => {
  const kinds = fc.constantFrom(...(Object.keys(INPUTS) as UplinkInput["kind"][]));
  fc.assert(
    fc.property(fc.array(kinds, { maxLength: 30 }), fc.boolean(), (rest, isLive) => {
      const sequence: UplinkInput["kind"][] = isLive ? ["start", "connected", "welcome", "resumed", ...rest] : rest;
      const witness = new Witness();
      let state: UplinkState = { kind: "idle" };
      for (const kind of sequence) {
        const step = stepUplink(state, INPUTS[kind]);
        witness.see(state, kind, step);
        state = step.state;
      }
    }),
    { numRuns: 500 },
  );
});

test("uplink: the first retry is fast, later ones grow to half a minute, and no two controllers agree", () => {
  const random = seededRandom(5);
  const delays = Array.from({ length: 200 }, () => retryDelayMs(0, random));
  assert.ok(Math.max(...delays) <= RETRY_MS_FIRST && Math.min(...delays) >= RETRY_MS_FIRST / 2);
  assert.ok(new Set(delays).size > 50);
  const late = Array.from({ length: 200 }, () => retryDelayMs(400, random));
  assert.ok(Math.max(...late) <= RETRY_MS_MAX && Math.min(...late) >= RETRY_MS_MAX / 2);
});

test("uplink: it asks for the time when nothing was said for long, never while events are on their way, and the answer is no sign of a stall", () => {
  const { state, effects } = run(STATES.live, "time_due");
  assert.deepEqual(kindsOf(effects), ["set_timer", "ask_time"]);
  assert.deepEqual(kindsOf(run(state, "time_due", "appended").effects), []);
  const answered: UplinkInput = { kind: "stored", frame: { generation: 7, through: 0, refused: [] } };
  let current: UplinkState = STATES.live;
  for (let count = 0; count < 3 * STALLED_ANSWERS_MAX; count += 1) {
    current = stepUplink(stepUplink(current, INPUTS.time_due).state, answered).state;
    assert.equal(current.kind, "live");
    const rested = stepUplink(current, INPUTS.drained);
    assert.deepEqual(kindsOf(rested.effects), ["stop_timer", "set_timer"]);
    current = rested.state;
  }
});

test("uplink: a server that wants events again and again instead of telling the time is given up all the same", () => {
  const wanting: UplinkInput = { kind: "stored", frame: { generation: 7, through: 0, refused: [], expect: { generation: 7, from: 1 } } };
  let current: UplinkState = STATES.live;
  for (let count = 0; count <= STALLED_ANSWERS_MAX && current.kind === "live"; count += 1) {
    current = stepUplink(stepUplink(current, INPUTS.time_due).state, wanting).state;
    current = stepUplink(current, INPUTS.drained).state;
  }
  assert.equal(current.kind, "waiting");
});
