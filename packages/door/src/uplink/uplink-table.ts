import type { UplinkInput } from "./step-uplink.ts";

/** Where the link is (contract/link/SPEC.md, "The controller's uplink"). */
export type UplinkKind = "idle" | "connecting" | "greeting" | "live" | "waiting";

/** What a state does about an input. */
export type UplinkMove =
  /** Nothing: it is of an earlier connection, or changes nothing here. */
  | "ignore"
  | "connect"
  | "greet"
  | "welcome"
  | "resume"
  | "settle"
  | "send_more"
  | "rest"
  | "ask_time"
  | "stored"
  | "roster"
  /** The connection has gone. */
  | "wait"
  /** The connection is given up, because what came is out of turn, malformed or too late. */
  | "drop"
  /** As `wait`; the key was not accepted, which a wrong clock can be the reason of. */
  | "wait_refused"
  | "stop";

const EVERYWHERE = {
  malformed: "drop",
  late: "drop",
  failed: "drop",
  lost: "wait",
  refused: "wait_refused",
  stop: "stop",
  start: "ignore",
  retry: "ignore",
} as const;

/** Total: a new state or input does not compile until every pairing is decided. */
export const UPLINK_TABLE: Readonly<Record<UplinkKind, Readonly<Record<UplinkInput["kind"], UplinkMove>>>> = {
  idle: {
    start: "connect",
    retry: "ignore",
    connected: "ignore",
    welcome: "ignore",
    resumed: "ignore",
    settled: "ignore",
    appended: "ignore",
    drained: "ignore",
    time_due: "ignore",
    stored: "ignore",
    roster: "ignore",
    malformed: "ignore",
    late: "ignore",
    failed: "ignore",
    lost: "ignore",
    refused: "ignore",
    stop: "ignore",
  },
  connecting: {
    ...EVERYWHERE,
    connected: "greet",
    welcome: "drop",
    resumed: "ignore",
    settled: "ignore",
    appended: "ignore",
    drained: "ignore",
    time_due: "ignore",
    stored: "drop",
    roster: "drop",
  },
  greeting: {
    ...EVERYWHERE,
    connected: "ignore",
    welcome: "welcome",
    resumed: "ignore",
    settled: "ignore",
    appended: "ignore",
    drained: "ignore",
    time_due: "ignore",
    stored: "drop",
    roster: "drop",
  },
  live: {
    ...EVERYWHERE,
    connected: "ignore",
    welcome: "drop",
    resumed: "resume",
    settled: "settle",
    appended: "send_more",
    drained: "rest",
    time_due: "ask_time",
    stored: "stored",
    roster: "roster",
  },
  waiting: {
    start: "ignore",
    retry: "connect",
    connected: "ignore",
    welcome: "ignore",
    resumed: "ignore",
    settled: "ignore",
    appended: "ignore",
    drained: "ignore",
    time_due: "ignore",
    stored: "ignore",
    roster: "ignore",
    malformed: "ignore",
    late: "ignore",
    failed: "ignore",
    lost: "ignore",
    refused: "ignore",
    stop: "stop",
  },
};
