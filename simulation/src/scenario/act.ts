import type { KillPhase } from "../disk/sim-disk.ts";
import type { Weather } from "../network/network.ts";
import type { Shape } from "../world/layout.ts";

/** What people do. `person` and `door` count from 0; a door that does not exist is taken modulo. */
export type PeopleAct =
  | {
      readonly kind: "enrol";
      readonly person: number;
      /** null: all doors. */
      readonly door: number | null;
      readonly hasOfficeHours: boolean;
      readonly needsFinger: boolean;
      /** How long the right lasts; null: for ever. */
      readonly lastsMs: number | null;
    }
  | { readonly kind: "enrol_many"; readonly count: number }
  | { readonly kind: "move_to_door"; readonly person: number; readonly door: number }
  | { readonly kind: "suspend"; readonly person: number; readonly isActive: boolean }
  | { readonly kind: "move_card"; readonly person: number; readonly to: number }
  | { readonly kind: "revoke"; readonly person: number }
  | { readonly kind: "set_mode"; readonly door: number; readonly mode: "none" | "locked" | "unlocked" | "lockdown" }
  | { readonly kind: "set_office_hours"; readonly isOpen: boolean }
  | { readonly kind: "present"; readonly machine: number; readonly door: number; readonly person: number }
  | { readonly kind: "open_once"; readonly door: number; readonly lastsMs: number };

/** What goes wrong. Machines and servers count from 0. */
export type FaultAct =
  | { readonly kind: "weather"; readonly weather: Weather; readonly forMs: number }
  | { readonly kind: "cut_off"; readonly machine: number; readonly forMs: number }
  | { readonly kind: "cut_all" }
  /** Frames come again up to so much later, behind newer ones of the same connection. */
  | { readonly kind: "echo"; readonly inThousand: number; readonly lateMsMax: number; readonly forMs: number }
  /** No notification reaches a server. */
  | { readonly kind: "hints_off"; readonly forMs: number }
  /** A server lives and serves, and the others take it for dead: the lock that shows its life is gone with a connection of its own. */
  | { readonly kind: "taken_for_dead"; readonly server: number; readonly forMs: number }
  | {
      readonly kind: "kill_controller";
      readonly machine: number;
      /** Writes that still succeed. */
      readonly afterWrites: number;
      readonly phase: KillPhase;
      readonly isPowerCut: boolean;
      readonly losesTime: boolean;
      readonly downMs: number;
    }
  /** As it trims what it need not keep any more. */
  | {
      readonly kind: "kill_in_trim";
      readonly machine: number;
      readonly which: "outbox" | "replica";
      readonly phase: KillPhase;
      readonly isPowerCut: boolean;
      readonly downMs: number;
    }
  | { readonly kind: "kill_server"; readonly server: number; readonly afterStatements: number; readonly downMs: number }
  | { readonly kind: "database_away"; readonly forMs: number }
  | { readonly kind: "database_slow"; readonly statementMsMax: number; readonly forMs: number }
  | { readonly kind: "lose_commit_answer"; readonly afterCommits: number }
  /**
   * The last appends to the ledger are gone although they were answered, as after a disk that lied about its sync, and nobody is told. The servers are
   * started anew a while later. `isAtGreeting`: it happens as the marks of a log have just been read for a welcome.
   */
  | { readonly kind: "lose_appends"; readonly count: number; readonly isAtGreeting: boolean; readonly restartMs: number }
  | { readonly kind: "disk_full"; readonly machine: number; readonly forMs: number }
  | { readonly kind: "jump_door_clock"; readonly machine: number; readonly byMs: number }
  | { readonly kind: "jump_server_clock"; readonly byMs: number; readonly forMs: number }
  | { readonly kind: "keep_disk"; readonly machine: number }
  | { readonly kind: "restore_disk"; readonly machine: number; readonly downMs: number }
  | { readonly kind: "new_disk"; readonly machine: number; readonly downMs: number }
  | { readonly kind: "keep_database" }
  | { readonly kind: "restore_database"; readonly downMs: number }
  /** The site is closed: everything is switched off, and a month has passed when it is on again. */
  | { readonly kind: "closed_for_a_month"; readonly downMs: number }
  | { readonly kind: "spoil_item"; readonly machine: number; readonly pick: number }
  /** `isCut`: the connection of the one that is there breaks as the other is switched on, so that both call. */
  | { readonly kind: "clone"; readonly machine: number; readonly forMs: number; readonly isCut?: boolean }
  | { readonly kind: "replace_key"; readonly machine: number; readonly afterMs: number };

export type Act = (PeopleAct | FaultAct) & { readonly atMs: number };

/** What a world may have or not have: faults, many people who are enrolled at once, and a customer's own server that doors ask. */
export type FaultKind = FaultAct["kind"] | "enrol_many" | "vendor";

/** Everything that is to happen in one world. The seed also decides the small things: delays, drifts, ids. */
export interface Scenario {
  readonly seed: number;
  readonly shape: Shape;
  /** Until then people and faults act; after it everything is mended. */
  readonly actsUntilMs: number;
  readonly acts: readonly Act[];
}
