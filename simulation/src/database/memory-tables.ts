import type { RecordedEvent } from "@postern/contract";
import type { ItemKey } from "@postern/core";

export interface ControllerRow {
  readonly controllerId: number;
  readonly placeId: number;
  readonly serial: string;
  publicKey: string;
  session: number;
  connectedInstance: number | null;
  urgentRevision: number;
  confirmedRevision: number;
  confirmedDigest: string | null;
  heldDoorIds: readonly number[];
  offeredTo: number;
}

export interface DoorRow {
  readonly doorId: number;
  readonly controllerId: number;
  readonly entryDeviceId: number;
}

export interface ItemRow {
  readonly key: ItemKey;
  readonly revision: number;
  readonly lane: number;
  readonly scopes: readonly number[];
  readonly bucket: number;
  readonly hash: string | null;
  readonly item: unknown;
  readonly addedRevision: number;
}

/** What was taken away from an auth, and who owes the proof. */
export interface RevocationRow {
  readonly revision: number;
  readonly authId: number;
  readonly controllerIds: readonly number[];
}

/** What a controller proved: the receipt for what it owed after one revision up to another. */
export interface ReceiptRow {
  readonly controllerId: number;
  readonly revisionBefore: number;
  readonly revision: number;
  readonly digest: string;
}

export interface CommandRow {
  readonly commandId: number;
  readonly controllerId: number;
  readonly doorId: number;
  readonly actAtMs: number;
  readonly notAfterMs: number;
  readonly state: string;
}

export interface DeltaRow {
  readonly revision: number;
  readonly scope: number;
  readonly delta: bigint;
}

/** The ledger's chain, as its head has it. */
export interface ChainRow {
  readonly hash: string;
  readonly from: number;
  readonly period: number;
  readonly blockFirst: number;
}

/** A run of events of one month that has ended. */
export interface BlockRow {
  readonly period: number;
  readonly first: number;
  readonly last: number;
  readonly hash: string;
}

/** The tables of a database with one place, as far as the link, the roster and the ledger use them. */
export interface Tables {
  readonly placeId: number;
  epoch: string;
  readonly controllers: Map<number, ControllerRow>;
  readonly doors: readonly DoorRow[];
  revision: number;
  readonly items: Map<ItemKey, ItemRow>;
  /** `scope:bucket` → sum modulo 2^128. */
  readonly sums: Map<string, bigint>;
  readonly deltas: DeltaRow[];
  readonly revocations: RevocationRow[];
  readonly receipts: ReceiptRow[];
  nextSequence: number;
  chain: ChainRow | null;
  readonly blocks: BlockRow[];
  readonly events: RecordedEvent[];
  /** `controller:generation` → last number stored. */
  readonly marks: Map<string, number>;
  /** By id. */
  readonly commands: Map<number, CommandRow>;
}

/** A copy that later changes of the original leave alone. */
export function copyTables(tables: Tables): Tables {
  return {
    ...tables,
    controllers: new Map([...tables.controllers].map(([id, row]) => [id, { ...row }])),
    items: new Map(tables.items),
    sums: new Map(tables.sums),
    deltas: [...tables.deltas],
    revocations: [...tables.revocations],
    receipts: [...tables.receipts],
    blocks: [...tables.blocks],
    events: [...tables.events],
    marks: new Map(tables.marks),
    commands: new Map(tables.commands),
  };
}
