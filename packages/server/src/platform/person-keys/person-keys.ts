import type { Random } from "@postern/core";
import type { Queryable, Transaction } from "../database.ts";
import { platformError } from "../platform-errors.ts";
import { deletePersonKey, insertPersonKey, readPersonKeys } from "./person-key-store.ts";
import { openBytes, type SealKey, sealBytes } from "./sealed-bytes.ts";

const KEY_BYTES = 32;

/** What is kept under a person's key. Each is bound to its purpose, so that none can be put in another's place. */
export type SealPurpose = "pin" | "unique pin" | "fingerprints" | "faces" | "face crops";

/** One person's key, for as long as a transaction lasts: nobody keeps it, so that destroying the row is the end of it everywhere. */
export interface PersonKey {
  seal(purpose: SealPurpose, plain: Uint8Array): Uint8Array;
  /** Fails with `sealed_unreadable` when the bytes were sealed with another key or for something else. */
  open(purpose: SealPurpose, sealed: Uint8Array): Uint8Array;
}

/**
 * A key of its own for each person, wrapped with one that is derived from the server's: whoever has the database without `server.key` can open
 * nothing, and what a destroyed key protected is gone from every backup too.
 */
export interface PersonKeys {
  /** The person's key, made on first need. It cannot be destroyed until the transaction ends. */
  ensure(transaction: Transaction, userId: number, nowMs: number): Promise<PersonKey>;
  /** The keys of these persons, as far as they have one. */
  find(queryable: Queryable, userIds: readonly number[]): Promise<ReadonlyMap<number, PersonKey>>;
  /** What a device scanned and is nobody's yet: under the server's own key, for the command that asked for it alone. */
  sealScanned(commandId: number, plain: Uint8Array): Uint8Array;
  /** null: sealed with another key or for another command. */
  openScanned(commandId: number, sealed: Uint8Array): Uint8Array | null;
  /** Erases what is sealed for this person. False: there was no key. */
  destroy(transaction: Transaction, userId: number): Promise<boolean>;
}

export interface PersonKeysDeps {
  /** Derived from the server's key for this alone. */
  readonly wrappingKey: Uint8Array;
  readonly random: Random;
}

export function createPersonKeys(deps: PersonKeysDeps): PersonKeys {
  return {
    ensure: (transaction, userId, nowMs) => ensure(deps, { transaction, userId, nowMs }),
    async find(queryable, userIds) {
      const rows = await readPersonKeys(queryable, userIds);
      return new Map(rows.map((row) => [row.userId, personKey(deps, row.userId, row.wrappedKey)]));
    },
    sealScanned: (commandId, plain) => sealBytes(scanned(deps, commandId), plain, deps.random),
    openScanned: (commandId, sealed) => openBytes(scanned(deps, commandId), sealed),
    destroy: deletePersonKey,
  };
}

interface Need {
  readonly transaction: Transaction;
  readonly userId: number;
  readonly nowMs: number;
}

async function ensure(deps: PersonKeysDeps, { transaction, userId, nowMs }: Need): Promise<PersonKey> {
  const fresh = sealBytes(wrapping(deps, userId), deps.random.bytes(KEY_BYTES), deps.random);
  const wrappedKey = await insertPersonKey(transaction, { userId, wrappedKey: fresh, madeAtMs: nowMs });
  return personKey(deps, userId, wrappedKey);
}

function wrapping({ wrappingKey }: PersonKeysDeps, userId: number): SealKey {
  return { key: wrappingKey, boundTo: `person key\n${userId}` };
}

function scanned({ wrappingKey }: PersonKeysDeps, commandId: number): SealKey {
  return { key: wrappingKey, boundTo: `scanned\n${commandId}` };
}

function personKey(deps: PersonKeysDeps, userId: number, wrappedKey: Uint8Array): PersonKey {
  const key = openBytes(wrapping(deps, userId), wrappedKey);
  // Another server.key than the one it was wrapped with: bringing back the right one mends it, making another key would not.
  if (key === null)
    throw platformError("sealed_unreadable", { context: { userId }, detail: "The person's key was wrapped with another server key." });
  const bound = (purpose: SealPurpose): { key: Uint8Array; boundTo: string } => ({ key, boundTo: `${purpose}\n${userId}` });
  return {
    seal: (purpose, plain) => sealBytes(bound(purpose), plain, deps.random),
    open(purpose, sealed) {
      const plain = openBytes(bound(purpose), sealed);
      if (plain === null) throw platformError("sealed_unreadable", { context: { userId, purpose } });
      return plain;
    },
  };
}
