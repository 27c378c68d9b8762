/** Where a fault is injected: a process that was started for this run, or the line of a controller. */
export type FaultAct = { readonly atMs: number } & (
  | { readonly kind: "kill"; readonly what: Killable; readonly which: number; readonly downMs: number }
  /** SIGSTOP, and SIGCONT after a while. */
  | { readonly kind: "stop"; readonly what: Killable; readonly which: number; readonly forMs: number }
  | { readonly kind: "line"; readonly line: number; readonly fault: LineFault }
);

export type Killable = "server" | "door" | "postmaster" | "backend";

export type LineFault =
  | { readonly kind: "delay"; readonly delayMs: number; readonly forMs: number }
  | { readonly kind: "throttle"; readonly bytesPerSecond: number; readonly forMs: number }
  /** In the middle of a packet: after so many more bytes of a direction both ends are closed. */
  | { readonly kind: "cut"; readonly direction: Direction; readonly afterBytes: number }
  /** Half-open: what is sent goes nowhere, and neither end hears of it until the line is back. */
  | { readonly kind: "swallow"; readonly directions: readonly Direction[]; readonly forMs: number }
  /** Nothing arrives for a while, then everything does. */
  | { readonly kind: "hold"; readonly forMs: number }
  | { readonly kind: "reset" }
  /** Whoever connects is sent away. */
  | { readonly kind: "refuse"; readonly forMs: number };

/** `up`: to the server. */
export type Direction = "up" | "down";

/** One change asked of the API. Its number stands in the name that it writes, so that what came of it can be told from the database. */
export interface PeopleAct {
  readonly atMs: number;
  readonly change: number;
  readonly person: number;
  readonly kind: "enrol" | "move" | "suspend" | "resume" | "shorten" | "revoke" | "take_card" | "wrong_door";
  readonly api: "v1" | "v2";
  /** Indices of doors, or all of them. */
  readonly doors: "all" | readonly number[];
  /** Whether to wait for the doors' confirmation (`Prefer: wait`). */
  readonly waits: boolean;
  /** Of `enrol` and `shorten`: when the right ends, from the asking on. */
  readonly lastsMs: number;
}

export interface DoorAct {
  readonly atMs: number;
  readonly kind: "lock" | "release" | "open";
  readonly door: number;
}

export interface PresentAct {
  readonly atMs: number;
  readonly door: number;
  readonly person: number;
}

/** What a run is made of. */
export interface Shape {
  readonly controllerCount: number;
  readonly doorsPerController: number;
  readonly serverCount: number;
}

/** Everything that is going to be tried, drawn from one seed. */
export interface TorturePlan {
  readonly seed: number;
  readonly shape: Shape;
  readonly durationMs: number;
  readonly faults: readonly FaultAct[];
  /** One list for each who asks, carried out in turn. */
  readonly people: readonly (readonly PeopleAct[])[];
  readonly doors: readonly DoorAct[];
  /** One list for each controller. */
  readonly presents: readonly (readonly PresentAct[])[];
}
