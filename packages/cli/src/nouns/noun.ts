import type { CalledOperationId } from "@postern/contract";

/** `postern <noun> <verb>`: one call of v2. */
export interface Verb {
  readonly verb: string;
  readonly operation: CalledOperationId;
  /** What follows `postern <noun> <verb>` in the help's examples. */
  readonly examples: readonly string[];
  /** Members of the body whose own members are options. */
  readonly spread?: readonly string[];
  /** What cannot be brought back: asked for with `--yes`. */
  readonly loses?: string;
  /** In place of the noun's. */
  readonly columns?: readonly string[];
  /** Somebody at the door answers it: asked after by this call until it has ended, unless `--wait` says for how long. */
  readonly followedBy?: Follow;
  /** Takes `--watch`: each step of the command that it answers is told as it happens. */
  readonly isWatched?: true;
  /** Doors hold what this changes: it is said whether they have it. */
  readonly reachesDoors?: true;
}

export interface Follow {
  readonly operation: "readCommand" | "readScan";
  /** The member of the answer that names it, and of the call's path. */
  readonly name: "commandId" | "token";
  /** Said to who asked, before the waiting. */
  readonly hint: string;
}

export interface Noun {
  readonly noun: string;
  readonly about: string;
  /** Members of an item that its list shows, as paths such as `mode.operator`. */
  readonly columns: readonly string[];
  readonly verbs: readonly Verb[];
}

/** A question that needs no noun. */
export interface Question extends Verb {
  readonly about: string;
}
