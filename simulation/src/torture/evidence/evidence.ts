import type { LinkEvent } from "@postern/contract";
import type { ItemKey, RosterItem } from "@postern/core";
import type { LogGeneration, StoredReplica } from "@postern/door/internal";
import type { ChainTables } from "../../checkers/chain-checker.ts";
import type { LedgerTables } from "../../checkers/ledger-index.ts";
import type { Journal } from "../people/journal.ts";

/** What is left when everything has ended: what was seen from outside, and what lies on the disks. */
export interface Evidence {
  readonly journal: Pick<Journal, "changes" | "presented" | "confirmed" | "commands">;
  readonly doors: readonly DoorDisk[];
  readonly database: DatabaseDisk;
}

/** The two databases of one controller. */
export interface DoorDisk {
  readonly name: string;
  readonly controllerId: number;
  readonly doorIds: readonly number[];
  readonly generations: readonly LogGeneration[];
  /** In the order of their numbers. */
  readonly events: readonly LoggedEvent[];
  /** The highest number of which a server said that it is stored. */
  readonly storedThrough: number;
  readonly replica: Pick<StoredReplica, "position" | "items">;
}

export interface LoggedEvent {
  readonly number: number;
  readonly generation: number;
  readonly event: LinkEvent;
}

export interface DatabaseDisk extends LedgerTables, ChainTables {
  /** Of the roster's head. */
  readonly revision: number;
  /** Every version that an item of the roster ever had, in the order of revisions. */
  readonly history: readonly ItemVersion[];
  /** The items as they are. */
  readonly items: readonly ItemVersion[];
  /** `scope:bucket` → sum, as the server keeps it, where it is not nothing. */
  readonly sums: ReadonlyMap<string, bigint>;
  readonly auths: readonly StoredAuth[];
  readonly controllers: readonly StoredController[];
}

export interface ItemVersion {
  readonly key: ItemKey;
  readonly revision: number;
  /** null: gone. */
  readonly item: RosterItem | null;
  /** When its row was written, shortly before it was committed. */
  readonly atMs: number;
}

/** An auth as the tables of people have it. */
export interface StoredAuth {
  readonly authId: number;
  readonly userKey: string;
  readonly name: string;
  readonly status: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly doors: "all" | readonly number[];
  /** Canonical keys, in ascending order. */
  readonly cards: readonly string[];
  readonly isDeleted: boolean;
}

export interface StoredController {
  readonly controllerId: number;
  readonly confirmedRevision: number;
  readonly confirmedDigest: string | null;
}
