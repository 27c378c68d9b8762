import type { PresentResult } from "@postern/door";
import type { PeopleAct } from "../plan/act.ts";

/** What was asked of the API, and what it answered. `refused`: with an answer that says it was not done. `unknown`: nobody can tell from the answer. */
export interface Change {
  readonly change: number;
  readonly kind: PeopleAct["kind"];
  readonly api: PeopleAct["api"];
  readonly person: number;
  readonly askedMs: number;
  answeredMs: number | null;
  outcome: "done" | "refused" | "unknown";
  /** Of an auth that is known, or became known by the answer. */
  authId: number | null;
  readonly wanted: WantedAuth | "gone";
  /** The answer's code, where it was none of success. */
  code: string | null;
}

/** What the answered change must have made of an auth; a field that is left out was not asked for. */
export interface WantedAuth {
  readonly status?: "ACTIVE" | "INACTIVE";
  readonly doors?: "all" | readonly number[];
  readonly endMs?: number;
  readonly card?: string;
}

/** Something held to a reader, from the asking to the answer. */
export interface Presented {
  readonly controllerId: number;
  readonly doorId: number;
  readonly card: string;
  readonly askedMs: number;
  readonly answeredMs: number;
  /** `unknown`: the door's process ended before it answered. */
  readonly outcome: PresentResult["outcome"] | "unknown";
  readonly authId: number | null;
}

/** A controller was known to have confirmed a revision from this moment on. */
export interface Confirmed {
  readonly controllerId: number;
  readonly revision: number;
  readonly knownMs: number;
}

/** What was seen from outside while it happened. */
export class Journal {
  readonly changes: Change[] = [];
  readonly presented: Presented[] = [];
  readonly confirmed: Confirmed[] = [];
  /** Command → until when it may act. */
  readonly commands = new Map<number, number>();
  readonly #newest = new Map<number, number>();

  confirm(controllerId: number, revision: number, knownMs: number): void {
    if (revision <= (this.#newest.get(controllerId) ?? 0)) return;
    this.#newest.set(controllerId, revision);
    this.confirmed.push({ controllerId, revision, knownMs });
  }
}
