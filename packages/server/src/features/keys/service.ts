import type { MintKey, Problem } from "@postern/contract";
import type { Clock, Random } from "@postern/core";
import type { Access, Actor, Scope } from "../../platform/access/actor.ts";
import type { WaitingKeys } from "../../platform/access/waiting-keys.ts";
import { type AuditActor, writeAudit } from "../../platform/audit/audit-store.ts";
import type { Database, Transaction } from "../../platform/database.ts";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import { hidden } from "../../platform/operations/serve-operations.ts";
import { type KeySigner, signKey } from "./key-token.ts";
import { KEY_LIFETIME_MS_DEFAULT, LIVE_KEYS_COUNT_MAX } from "./limits.ts";
import {
  cancelCommandsOf,
  countLiveKeys,
  findInDescent,
  findKey,
  findLive,
  insertKey,
  type KeyPosition,
  type KeyRow,
  listDescent,
  lockKeysOf,
  placesOfGroup,
  revokeDescent,
} from "./store.ts";

export interface KeysDeps {
  readonly database: Database;
  readonly access: Access;
  readonly clock: Clock;
  readonly random: Random;
  readonly signer: KeySigner;
  readonly waitingKeys: WaitingKeys;
  /** Called after a revocation was committed, once per key that died: the verifier forgets it, its streams end. */
  readonly onRevoked: (keyId: string) => void;
  /** Keeps apart from the database which keys were revoked. */
  readonly keepRevoked: (keys: readonly { readonly keyId: string; readonly revokedAt: number }[]) => Promise<void>;
}

/** A key with its text, which is shown once and kept nowhere. */
export interface MintedKey {
  readonly row: KeyRow;
  readonly key: string;
}

/** A key without a parent, as an operator makes for a place group. */
export interface RootKey {
  readonly placeGroupId: number;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** null: every place of the group. */
  readonly placeIds: readonly number[] | null;
  readonly expiresAtMs: number;
}

/** Who mints or revokes. */
export interface KeyHolder {
  readonly actor: Actor;
  readonly by: AuditActor;
}

export interface KeysPage {
  readonly after: KeyPosition | null;
  readonly limit: number;
}

export interface KeysService {
  /** For this process's own use: the demo's key, the command line's. */
  mintRoot(key: RootKey): Promise<MintedKey>;
  /** The operator's call. Fails with `not_found` for a group that does not exist. */
  mintRootFor(by: AuditActor, placeGroupId: number, body: MintKey): Promise<MintedKey>;
  /** A key within the actor's own scopes, places and end; whatever goes beyond is refused with `not_permitted`, naming the field. */
  mint(holder: KeyHolder, body: MintKey): Promise<MintedKey>;
  /** The actor's own key and those below it, with one row more than the page has. */
  list(actor: Actor, page: KeysPage): Promise<readonly KeyRow[]>;
  /** Fails with `not_found` for a key that is neither the actor's own nor below it; `revoke` too. */
  read(actor: Actor, keyId: string): Promise<KeyRow>;
  /** The key and everything below it. Again is harmless. */
  revoke(holder: KeyHolder, keyId: string): Promise<void>;
  /** Ends what waits under keys that have ended, whoever ended them: the truth behind the notifications. */
  endWaiting(): Promise<void>;
}

export function keysService(deps: KeysDeps): KeysService {
  const { database, clock, waitingKeys } = deps;
  return {
    mintRoot: (key) => database.transaction((tx) => mintIn(tx, deps, { ...key, parentId: null })),
    mintRootFor: (by, placeGroupId, body) => mintRootFor(deps, { by, placeGroupId }, body),
    mint: (holder, body) => mint(deps, holder, body),
    list: (actor, page) => listDescent(database, actor.keyId, page),
    async read(actor, keyId) {
      const row = await findInDescent(database, actor.keyId, keyId);
      if (row === null) throw hidden("keyId");
      return row;
    },
    revoke: (holder, keyId) => revoke(deps, holder, keyId),
    async endWaiting() {
      const waiting = waitingKeys.keyIds();
      if (waiting.length === 0) return;
      const live = new Set(await findLive(database, waiting, clock.nowMs()));
      for (const keyId of waiting) if (!live.has(keyId)) waitingKeys.end(keyId);
    },
  };
}

async function mintRootFor(
  deps: KeysDeps,
  { by, placeGroupId }: { readonly by: AuditActor; readonly placeGroupId: number },
  { name, scopes, placeIds, expiresAt }: MintKey,
): Promise<MintedKey> {
  const nowMs = deps.clock.nowMs();
  const expiresAtMs = expiresAt ?? nowMs + KEY_LIFETIME_MS_DEFAULT;
  if (expiresAtMs <= nowMs) throw invalid("expiresAt", "must lie in the future");
  return deps.database.transaction(async (tx) => {
    if (!(await lockKeysOf(tx, placeGroupId))) throw hidden("placeGroupId");
    await refuseForeignPlaces(tx, placeGroupId, placeIds ?? []);
    const reach = placeIds === undefined ? null : inOrder(placeIds);
    const minted = await mintIn(tx, deps, { placeGroupId, parentId: null, name, scopes, placeIds: reach, expiresAtMs });
    const entry = { by, placeGroupId, placeId: null, atMs: nowMs, action: "key.mint" };
    await writeAudit(tx, { ...entry, target: { kind: "key", id: minted.row.keyId }, detail: { scopes } });
    return minted;
  });
}

async function refuseForeignPlaces(tx: Transaction, placeGroupId: number, placeIds: readonly number[]): Promise<void> {
  const own = await placesOfGroup(tx, placeGroupId, placeIds);
  const foreign = placeIds.find((placeId) => !own.has(placeId));
  if (foreign !== undefined) throw invalid("placeIds", "names no place of this group", foreign);
}

async function mint(deps: KeysDeps, { actor, by }: KeyHolder, body: MintKey): Promise<MintedKey> {
  const { placeGroupId } = actor;
  const reached = new Set((await deps.access.places(actor)).map((place) => place.placeId));
  return deps.database.transaction(async (tx) => {
    await lockKeysOf(tx, placeGroupId);
    // Read again under the lock: the row the actor came in with may be half a second old.
    const parent = await findKey(tx, actor.keyId);
    if (parent === null || parent.revokedAt !== null) throw new NativeRefusal("key_refused");
    const nowMs = deps.clock.nowMs();
    const problems = beyondParent(parent, reached, body);
    if (problems.length > 0) throw new NativeRefusal("not_permitted", { problems });
    const expiresAtMs = body.expiresAt ?? Math.min(parent.expiresAt, nowMs + KEY_LIFETIME_MS_DEFAULT);
    if (expiresAtMs <= nowMs) throw invalid("expiresAt", "must lie in the future");
    const placeIds = body.placeIds === undefined ? parent.placeIds : inOrder(body.placeIds);
    const { name, scopes } = body;
    const minted = await mintIn(tx, deps, { placeGroupId, parentId: parent.keyId, name, scopes, placeIds, expiresAtMs });
    const entry = { by, placeGroupId, placeId: null, atMs: nowMs, action: "key.mint" };
    await writeAudit(tx, { ...entry, target: { kind: "key", id: minted.row.keyId }, detail: { scopes } });
    return minted;
  });
}

function inOrder(ids: readonly number[]): readonly number[] {
  return [...ids].sort((one, other) => one - other);
}

/** A place that does not exist and one out of reach are told in the same words. */
function beyondParent(parent: KeyRow, reached: ReadonlySet<number>, request: MintKey): readonly Problem[] {
  const problems: Problem[] = [];
  const scope = request.scopes.find((each) => !parent.scopes.includes(each));
  if (scope !== undefined) problems.push({ field: "scopes", message: "goes beyond this key's own", rejectedValue: scope });
  const placeId = request.placeIds?.find((each) => !reached.has(each));
  if (placeId !== undefined)
    problems.push({ field: "placeIds", message: "names no place within this key's reach", rejectedValue: placeId });
  const { expiresAt } = request;
  if (expiresAt !== undefined && expiresAt > parent.expiresAt) {
    problems.push({ field: "expiresAt", message: `must not be after this key's own end, ${parent.expiresAt}`, rejectedValue: expiresAt });
  }
  return problems;
}

async function mintIn(tx: Transaction, deps: KeysDeps, request: RootKey & { readonly parentId: string | null }): Promise<MintedKey> {
  await lockKeysOf(tx, request.placeGroupId);
  const nowMs = deps.clock.nowMs();
  if ((await countLiveKeys(tx, request.placeGroupId, nowMs)) >= LIVE_KEYS_COUNT_MAX) {
    throw new NativeRefusal("conflict", { detail: `A place group has at most ${LIVE_KEYS_COUNT_MAX} live keys; revoke some first.` });
  }
  const { expiresAtMs, ...rest } = request;
  const keyId = Buffer.from(deps.random.bytes(12)).toString("base64url");
  const row: KeyRow = { ...rest, keyId, madeAt: nowMs, expiresAt: expiresAtMs, revokedAt: null };
  const key = await signKey(deps.signer, { keyId, placeGroupId: row.placeGroupId, expiresAtMs }, nowMs);
  await insertKey(tx, row);
  return { row, key };
}

async function revoke(deps: KeysDeps, { actor, by }: KeyHolder, keyId: string): Promise<void> {
  const { placeGroupId } = actor;
  const nowMs = deps.clock.nowMs();
  const ended = await deps.database.transaction(async (tx) => {
    await lockKeysOf(tx, placeGroupId);
    const { doomed, countRevoked } = await revokeDescent(tx, actor.keyId, keyId, nowMs);
    await cancelCommandsOf(tx, doomed, nowMs);
    const entry = { by, placeGroupId, placeId: null, atMs: nowMs, action: "key.revoke" };
    if (countRevoked > 0) await writeAudit(tx, { ...entry, target: { kind: "key", id: keyId }, detail: { countRevoked } });
    return doomed;
  });
  if (ended.length === 0) throw hidden("keyId");
  for (const each of ended) deps.onRevoked(each);
  await deps.keepRevoked(ended.map((each) => ({ keyId: each, revokedAt: nowMs })));
}

function invalid(field: string, message: string, rejectedValue?: number): NativeRefusal {
  const problem = rejectedValue === undefined ? { field, message } : { field, message, rejectedValue };
  return new NativeRefusal("argument_invalid", { problems: [problem] });
}
