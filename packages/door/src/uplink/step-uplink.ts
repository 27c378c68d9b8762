import type { RosterFrame, StoredFrame, WelcomeFrame } from "@postern/contract";
import { assert, assertNever } from "@postern/core";
import { CLOCK_ASK_MS, GREETING_MS_MAX, SESSION_SETTLED_MS, STALLED_ANSWERS_MAX, STORED_MS_MAX } from "../limits.ts";
import type { LogCursor } from "../outbox/log-generation.ts";
import { UPLINK_TABLE } from "./uplink-table.ts";

export type UplinkState =
  | { readonly kind: "idle" }
  | { readonly kind: "connecting"; readonly failureCount: number }
  | { readonly kind: "greeting"; readonly failureCount: number }
  | LiveState
  /** `failureCount` connections in a row did not become a session that lasted. */
  | { readonly kind: "waiting"; readonly failureCount: number };

interface LiveState {
  readonly kind: "live";
  readonly failureCount: number;
  readonly session: number;
  /** Where to send events from; null until the outbox has said. */
  readonly cursor: LogCursor | null;
  /** Whether events are on their way: one frame at a time. */
  readonly isSending: boolean;
  /** Whether what is on its way holds no events and asks for the time alone. */
  readonly isAsking: boolean;
  /** Answers in a row that moved nothing forward. */
  readonly stalledCount: number;
  /** The last roster frame of this session that was applied; 0: none yet. */
  readonly lastBatch: number;
}

export type UplinkInput =
  | { readonly kind: "start" }
  /** The pause is over. */
  | { readonly kind: "retry" }
  /** Connected and subscribed. */
  | { readonly kind: "connected" }
  | { readonly kind: "welcome"; readonly frame: WelcomeFrame }
  /** The welcome has been taken over. */
  | { readonly kind: "resumed"; readonly cursor: LogCursor }
  /** The session has lasted. */
  | { readonly kind: "settled" }
  /** The outbox holds more. */
  | { readonly kind: "appended" }
  /** The outbox held nothing after the cursor. */
  | { readonly kind: "drained" }
  /** Nothing was heard of the time for long. */
  | { readonly kind: "time_due" }
  | { readonly kind: "stored"; readonly frame: StoredFrame }
  | { readonly kind: "roster"; readonly frame: RosterFrame }
  | { readonly kind: "malformed" }
  /** What had to come did not come in time. */
  | { readonly kind: "late" }
  /** Our own part failed: the disk, or a publish. */
  | { readonly kind: "failed" }
  | { readonly kind: "lost" }
  /** The server did not accept the key or the token. */
  | { readonly kind: "refused" }
  | { readonly kind: "stop" };

/** One timer a name: setting it again replaces it. */
export type UplinkTimer = "late" | "settled" | "time_due";

export type UplinkEffect =
  | { readonly kind: "connect" }
  /** Closes the connection and stops every timer. */
  | { readonly kind: "disconnect" }
  | { readonly kind: "send_hello" }
  /** Takes over what the welcome says; `resumed` comes back. */
  | { readonly kind: "take_welcome"; readonly frame: WelcomeFrame }
  /** Sends what the outbox holds after the cursor; `drained` comes back when that is nothing. */
  | { readonly kind: "send_events"; readonly cursor: LogCursor }
  /** Sends a frame without events, which is answered with the server's time. */
  | { readonly kind: "ask_time"; readonly cursor: LogCursor }
  | { readonly kind: "mark_stored"; readonly frame: StoredFrame }
  /** Commits the frame, then answers `synced`. */
  | { readonly kind: "apply_roster"; readonly frame: RosterFrame }
  | { readonly kind: "set_timer"; readonly timer: UplinkTimer; readonly delayMs: number }
  | { readonly kind: "stop_timer"; readonly timer: UplinkTimer }
  /** Pauses, longer with each failure in a row; `retry` comes back. */
  | { readonly kind: "pause"; readonly failureCount: number }
  /** Asks the server for its time, for the next token. */
  | { readonly kind: "ask_server_time" };

export interface UplinkStep {
  readonly state: UplinkState;
  readonly effects: readonly UplinkEffect[];
}

/** What the link does about what happens. Doors go on deciding in every state. */
export function stepUplink(state: UplinkState, input: UplinkInput): UplinkStep {
  const move = UPLINK_TABLE[state.kind][input.kind];
  switch (move) {
    case "ignore":
      return { state, effects: [] };
    case "connect":
      return { state: { kind: "connecting", failureCount: failureCountOf(state) }, effects: [late(GREETING_MS_MAX), { kind: "connect" }] };
    case "greet":
      return { state: { kind: "greeting", failureCount: failureCountOf(state) }, effects: [late(GREETING_MS_MAX), { kind: "send_hello" }] };
    case "welcome":
      return welcome(state, input);
    case "resume":
      return resume(live(state), input);
    case "settle":
      return { state: { ...live(state), failureCount: 0 }, effects: [] };
    case "send_more":
      return sendMore(live(state));
    case "rest":
      return { state: { ...live(state), isSending: false }, effects: [{ kind: "stop_timer", timer: "late" }, timeDue()] };
    case "ask_time":
      return askTime(live(state));
    case "stored":
      return takeStored(live(state), input);
    case "roster":
      return takeRoster(live(state), input);
    case "wait":
    case "drop":
      return wait(state, []);
    case "wait_refused":
      return wait(state, [{ kind: "ask_server_time" }]);
    case "stop":
      return { state: { kind: "idle" }, effects: [{ kind: "disconnect" }] };
    default:
      return assertNever(move);
  }
}

function welcome(state: UplinkState, input: UplinkInput): UplinkStep {
  assert(input.kind === "welcome", "the table names this move for welcomes alone");
  const { session } = input.frame;
  return {
    state: {
      kind: "live",
      failureCount: failureCountOf(state),
      session,
      cursor: null,
      isSending: false,
      isAsking: false,
      stalledCount: 0,
      lastBatch: 0,
    },
    effects: [
      { kind: "stop_timer", timer: "late" },
      { kind: "set_timer", timer: "settled", delayMs: SESSION_SETTLED_MS },
      { kind: "take_welcome", frame: input.frame },
    ],
  };
}

function resume(state: LiveState, input: UplinkInput): UplinkStep {
  assert(input.kind === "resumed", "the table names this move for a welcome taken over alone");
  return sendMore({ ...state, cursor: input.cursor });
}

function sendMore(state: LiveState): UplinkStep {
  if (state.isSending || state.cursor === null) return { state, effects: [] };
  return {
    state: { ...state, isSending: true, isAsking: false },
    effects: [late(STORED_MS_MAX), { kind: "send_events", cursor: state.cursor }],
  };
}

/** Events that are on their way bring the time with their answer. */
function askTime(state: LiveState): UplinkStep {
  if (state.isSending || state.cursor === null) return { state, effects: [] };
  return {
    state: { ...state, isSending: true, isAsking: true },
    effects: [late(STORED_MS_MAX), { kind: "ask_time", cursor: state.cursor }],
  };
}

function takeStored(state: LiveState, input: UplinkInput): UplinkStep {
  assert(input.kind === "stored", "the table names this move for stored frames alone");
  const { frame } = input;
  // An answer to nothing: a server that counts otherwise than we do is greeted anew.
  if (!state.isSending || state.cursor === null) return wait(state, []);
  const cursor = frame.expect ?? { generation: frame.generation, from: frame.through + 1 };
  const isStalled = frame.expect !== undefined || (cursor.generation === state.cursor.generation && cursor.from <= state.cursor.from);
  // A question for the time moves nothing forward, and need not.
  const isAnswered = state.isAsking && frame.expect === undefined;
  const stalledCount = isAnswered ? state.stalledCount : isStalled ? state.stalledCount + 1 : 0;
  if (stalledCount > STALLED_ANSWERS_MAX) return wait(state, [{ kind: "mark_stored", frame }]);
  return {
    state: { ...state, cursor, stalledCount, isSending: true, isAsking: false },
    effects: [{ kind: "mark_stored", frame }, late(STORED_MS_MAX), { kind: "send_events", cursor }],
  };
}

/**
 * Roster frames are applied in the order of their numbers. One that comes again was answered, and must not bring back what a later one took away; behind
 * one that is missing, the revisions that the next one names would claim what is not held.
 */
function takeRoster(state: LiveState, input: UplinkInput): UplinkStep {
  assert(input.kind === "roster", "the table names this move for roster frames alone");
  const { batch } = input.frame;
  if (batch <= state.lastBatch) return { state, effects: [] };
  if (batch > state.lastBatch + 1) return wait(state, []);
  return { state: { ...state, lastBatch: batch }, effects: [{ kind: "apply_roster", frame: input.frame }] };
}

function wait(state: UplinkState, effects: readonly UplinkEffect[]): UplinkStep {
  const failureCount = failureCountOf(state);
  return {
    state: { kind: "waiting", failureCount: failureCount + 1 },
    effects: [{ kind: "disconnect" }, ...effects, { kind: "pause", failureCount }],
  };
}

function failureCountOf(state: UplinkState): number {
  return state.kind === "idle" ? 0 : state.failureCount;
}

function live(state: UplinkState): LiveState {
  assert(state.kind === "live", "the table names this move in the live state alone");
  return state;
}

function timeDue(): UplinkEffect {
  return { kind: "set_timer", timer: "time_due", delayMs: CLOCK_ASK_MS };
}

function late(delayMs: number): UplinkEffect {
  return { kind: "set_timer", timer: "late", delayMs };
}
