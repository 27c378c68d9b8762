import type { ClueClient } from "./clue-client.ts";
import type { World } from "./world.ts";

/** What somebody has to rely on, in one sentence, and where it is written. */
export interface Case {
  readonly name: string;
  /** A paragraph: `CLUe §1.4`, `guide: Retrieve Logs`. */
  readonly source: string;
  /** `documented` by Suprema, or `ours`: an answer where CLUe says nothing. */
  readonly basis: "documented" | "ours";
  readonly run: (asked: Asked) => Promise<void>;
}

export interface Asked {
  readonly clue: ClueClient;
  readonly world: World;
}

export interface Section {
  /** As it is named on the command line. */
  readonly id: string;
  readonly title: string;
  readonly cases: readonly Case[];
}

export type CaseOutcome =
  | { readonly kind: "passed" }
  | { readonly kind: "skipped"; readonly reason: string }
  | {
      readonly kind: "failed";
      readonly problem: string;
      readonly expected: string;
      readonly received: string;
      /** The last call; empty when there was none. */
      readonly curl: string;
    };

export interface CaseResult {
  readonly section: Section;
  readonly name: string;
  readonly source: string;
  readonly basis: Case["basis"];
  readonly ms: number;
  readonly outcome: CaseOutcome;
}

/** The cases of one source and basis. */
export function casesOf(source: string, basis: Case["basis"], cases: Readonly<Record<string, Case["run"]>>): readonly Case[] {
  return Object.entries(cases).map(([name, run]) => ({ name, source, basis, run }));
}
