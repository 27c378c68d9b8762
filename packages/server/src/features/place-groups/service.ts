import type { AccessType, PlaceGroup } from "@postern/contract";
import type { Clock } from "@postern/core";
import { type AuditActor, writeAudit } from "../../platform/audit/audit-store.ts";
import type { Database, Transaction } from "../../platform/database.ts";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import { deletedSince, makeOnce } from "../../platform/operations/make-once.ts";
import { type PageWanted, pageOfRows } from "../../platform/operations/page-cursor.ts";
import type { RequestName } from "../../platform/operations/request-store.ts";
import { hidden } from "../../platform/operations/serve-operations.ts";
import { refuseStale } from "../../platform/operations/version-tag.ts";
import { deriveDoors } from "../../roster/derive-doors.ts";
import { lockRostersOfGroup } from "../../roster/roster-store.ts";
import { PLACE_GROUPS_COUNT_MAX } from "./limits.ts";
import {
  countPlaceGroups,
  countPlaces,
  deletePlaceGroup,
  findPlaceGroup,
  insertPlaceGroup,
  listPlaceGroups,
  lockPlaceGroup,
  lockToChange,
  updatePlaceGroup,
} from "./store.ts";

export interface PlaceGroupsDeps {
  readonly database: Database;
  readonly clock: Clock;
  /** Takes every key of a group away, within the transaction that deletes the group. Returns their ids. */
  readonly dropKeys: (transaction: Transaction, placeGroupId: number) => Promise<readonly string[]>;
  /** Called after the commit, once per key that died with its group. */
  readonly onKeyRevoked: (keyId: string) => void;
}

export interface PlaceGroupWriting {
  readonly by: AuditActor;
}

export interface ExistingPlaceGroup extends PlaceGroupWriting {
  readonly placeGroupId: number;
}

export interface PlaceGroupChange {
  readonly name?: string | undefined;
  readonly accessType?: AccessType | undefined;
}

export interface PlaceGroupsService {
  list(page: PageWanted): Promise<{ readonly items: readonly PlaceGroup[]; readonly next?: string }>;
  /** Fails as `not_found`; `change` and `remove` too. */
  read(placeGroupId: number): Promise<PlaceGroup>;
  create(writing: PlaceGroupWriting & { readonly once: RequestName | null }, body: { readonly name: string }): Promise<PlaceGroup>;
  change(existing: ExistingPlaceGroup & { readonly ifMatch: string | null }, body: PlaceGroupChange): Promise<PlaceGroup>;
  /** Fails with `conflict` while the group has places. Its keys die with it. */
  remove(existing: ExistingPlaceGroup): Promise<void>;
}

export function placeGroupsService(deps: PlaceGroupsDeps): PlaceGroupsService {
  return {
    async list(page) {
      const rows = await listPlaceGroups(deps.database, page);
      return pageOfRows(rows, page, { idOf: (row) => row.placeGroupId, item: (row) => row });
    },
    async read(placeGroupId) {
      const group = await findPlaceGroup(deps.database, placeGroupId);
      if (group === null) throw hidden("placeGroupId");
      return group;
    },
    create: (writing, body) => create(deps, writing, body),
    change: (existing, body) => change(deps, existing, body),
    remove: (existing) => remove(deps, existing),
  };
}

async function create(
  { database, clock }: PlaceGroupsDeps,
  { by, once }: PlaceGroupWriting & { readonly once: RequestName | null },
  { name }: { readonly name: string },
): Promise<PlaceGroup> {
  const nowMs = clock.nowMs();
  return database.transaction(async (tx) => {
    const placeGroupId = await makeOnce(tx, once, async () => {
      if ((await countPlaceGroups(tx)) >= PLACE_GROUPS_COUNT_MAX) {
        throw new NativeRefusal("conflict", { detail: `A server has at most ${PLACE_GROUPS_COUNT_MAX} place groups.` });
      }
      const id = await insertPlaceGroup(tx, name, nowMs);
      const target = { kind: "place_group", id };
      await writeAudit(tx, { by, placeGroupId: id, placeId: null, atMs: nowMs, action: "place_group.create", target });
      return id;
    });
    const made = await findPlaceGroup(tx, placeGroupId);
    if (made === null) throw deletedSince();
    return made;
  });
}

async function change(
  { database, clock }: PlaceGroupsDeps,
  { by, placeGroupId, ifMatch }: ExistingPlaceGroup & { readonly ifMatch: string | null },
  body: PlaceGroupChange,
): Promise<PlaceGroup> {
  return database.transaction(async (tx) => {
    const present = await lockToChange(tx, placeGroupId);
    if (present === null) throw hidden("placeGroupId");
    refuseStale(ifMatch, present);
    const { name = present.name, accessType = present.accessType } = body;
    const wanted = { ...present, name, accessType };
    const changed = (["name", "accessType"] as const).filter((member) => wanted[member] !== present[member]);
    if (changed.length === 0) return present;
    const heads = changed.includes("accessType") ? await lockRostersOfGroup(tx, placeGroupId) : null;
    await updatePlaceGroup(tx, wanted);
    if (heads !== null) await deriveDoors(tx, heads);
    const entry = { by, placeGroupId, placeId: null, atMs: clock.nowMs(), action: "place_group.change" };
    await writeAudit(tx, { ...entry, target: { kind: "place_group", id: placeGroupId }, detail: { changed } });
    return wanted;
  });
}

async function remove(deps: PlaceGroupsDeps, { by, placeGroupId }: ExistingPlaceGroup): Promise<void> {
  const keyIds = await deps.database.transaction(async (tx) => {
    if ((await lockPlaceGroup(tx, placeGroupId)) === null) throw hidden("placeGroupId");
    const count = await countPlaces(tx, placeGroupId);
    if (count > 0) {
      const message = `still has ${count} ${count === 1 ? "place" : "places"}`;
      throw new NativeRefusal("conflict", { problems: [{ field: "placeGroupId", message }] });
    }
    const dropped = await deps.dropKeys(tx, placeGroupId);
    await deletePlaceGroup(tx, placeGroupId);
    const entry = { by, placeGroupId, placeId: null, atMs: deps.clock.nowMs(), action: "place_group.delete" };
    await writeAudit(tx, { ...entry, target: { kind: "place_group", id: placeGroupId } });
    return dropped;
  });
  for (const keyId of keyIds) deps.onKeyRevoked(keyId);
}
