import { isDeepStrictEqual } from "node:util";
import type { Group, GroupGrant, GroupWrite } from "@postern/contract";
import type { Clock } from "@postern/core";
import type { ReachedPlace } from "../../platform/access/actor.ts";
import { type AuditActor, writeAudit } from "../../platform/audit/audit-store.ts";
import type { Database, Transaction } from "../../platform/database.ts";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import { deletedSince, makeOnce } from "../../platform/operations/make-once.ts";
import { type PageWanted, pageOfRows } from "../../platform/operations/page-cursor.ts";
import type { RequestName } from "../../platform/operations/request-store.ts";
import { hidden } from "../../platform/operations/serve-operations.ts";
import { refuseStale } from "../../platform/operations/version-tag.ts";
import { deriveRoster } from "../../roster/derive-roster.ts";
import { findExcessOfGrants } from "../../roster/grant-limits.ts";
import { lockRoster } from "../../roster/roster-store.ts";
import { changedGroup, type GroupChange, groupResource, type KeptGroup, namedIn, unknownInGrants } from "./group-record.ts";
import { GROUPS_PER_PLACE_MAX } from "./limits.ts";
import { countGroups, deleteGroup, findGroup, insertGroup, knownAmong, listGroups, memberIds, updateGroup } from "./store.ts";

export interface GroupsDeps {
  readonly database: Database;
  readonly clock: Clock;
}

/** Who changes what, at a place the actor was let into. */
export interface GroupWriting {
  readonly place: ReachedPlace;
  readonly by: AuditActor;
}

export interface ExistingGroup extends GroupWriting {
  readonly groupId: number;
  readonly ifMatch: string | null;
}

export interface GroupsPage {
  readonly items: readonly Group[];
  readonly next?: string;
}

export interface GroupsService {
  /** The place of a group, or null when there is no such group. */
  placeOf(groupId: number): Promise<number | null>;
  list(placeId: number, page: PageWanted): Promise<GroupsPage>;
  /** Fails as `not_found` when it was deleted meanwhile; `change` and `remove` too. */
  read(groupId: number): Promise<Group>;
  create(writing: GroupWriting & { readonly once: RequestName | null }, body: GroupWrite): Promise<Group>;
  /** What its members' doors hold follows in the same commit. Fails with `conflict` when a member would have more than the link carries. */
  change(existing: ExistingGroup, body: GroupChange): Promise<Group>;
  /** Its members lose what it gave them. */
  remove(existing: ExistingGroup): Promise<void>;
}

export function groupsService(deps: GroupsDeps): GroupsService {
  return {
    async placeOf(groupId) {
      return (await findGroup(deps.database, groupId))?.placeId ?? null;
    },
    async list(placeId, page) {
      const rows = await listGroups(deps.database, placeId, page);
      return pageOfRows(rows, page, { idOf: (row) => row.groupId, item: groupResource });
    },
    async read(groupId) {
      const kept = await findGroup(deps.database, groupId);
      if (kept === null) throw hidden("groupId");
      return groupResource(kept);
    },
    create: (writing, body) => create(deps, writing, body),
    change: (existing, body) => change(deps, existing, body),
    remove: (existing) => remove(deps, existing),
  };
}

async function create(
  { database, clock }: GroupsDeps,
  { place, by, once }: GroupWriting & { readonly once: RequestName | null },
  body: GroupWrite,
): Promise<Group> {
  const { placeId, placeGroupId } = place;
  return database.transaction(async (tx) => {
    // A new group has no members, so no door hears of it; the head keeps the doors and schedules it names from going meanwhile.
    await lockRoster(tx, placeId);
    const groupId = await makeOnce(tx, once, async () => {
      await refuseUnknown(tx, placeId, body.grants);
      if ((await countGroups(tx, placeId)) >= GROUPS_PER_PLACE_MAX) {
        throw new NativeRefusal("conflict", { detail: `A place has at most ${GROUPS_PER_PLACE_MAX} access groups.` });
      }
      const id = await insertGroup(tx, placeId, changedGroup({ name: "", grants: [] }, body));
      const target = { kind: "group", id };
      await writeAudit(tx, { by, placeGroupId, placeId, atMs: clock.nowMs(), action: "group.create", target });
      return id;
    });
    const made = await findGroup(tx, groupId);
    if (made === null) throw deletedSince();
    return groupResource(made);
  });
}

async function change({ database, clock }: GroupsDeps, existing: ExistingGroup, body: GroupChange): Promise<Group> {
  const { place, by, groupId } = existing;
  const { placeId, placeGroupId } = place;
  const nowMs = clock.nowMs();
  return database.transaction(async (tx) => {
    await lockRoster(tx, placeId);
    const present = await presentGroup(tx, existing);
    const record = changedGroup(present.record, body);
    const changed = (["name", "grants"] as const).filter((name) => !isDeepStrictEqual(present.record[name], record[name]));
    if (changed.length === 0) return groupResource(present);
    // What stays is not judged anew: a door that is gone must not keep a group from getting another name.
    if (changed.includes("grants")) await refuseUnknown(tx, placeId, body.grants ?? []);
    await updateGroup(tx, groupId, record);
    const target = { kind: "group", id: groupId };
    await writeAudit(tx, { by, placeGroupId, placeId, atMs: nowMs, action: "group.change", target, detail: { changed } });
    if (changed.includes("grants")) await deriveMembers(tx, present, nowMs);
    return groupResource({ ...present, record });
  });
}

async function remove({ database, clock }: GroupsDeps, existing: ExistingGroup): Promise<void> {
  const { place, by, groupId } = existing;
  const { placeId, placeGroupId } = place;
  const nowMs = clock.nowMs();
  await database.transaction(async (tx) => {
    await lockRoster(tx, placeId);
    const present = await presentGroup(tx, existing);
    const members = await memberIds(tx, present);
    await deleteGroup(tx, present);
    const target = { kind: "group", id: groupId };
    const detail = { members: members.length };
    await writeAudit(tx, { by, placeGroupId, placeId, atMs: nowMs, action: "group.delete", target, detail });
    await deriveRoster(tx, placeId, { touched: { auths: members }, nowMs });
  });
}

/** The group under the roster's lock, when it is still there and the version that was meant. */
async function presentGroup(tx: Transaction, { groupId, ifMatch }: ExistingGroup): Promise<KeptGroup> {
  const present = await findGroup(tx, groupId);
  if (present === null) throw hidden("groupId");
  refuseStale(ifMatch, groupResource(present));
  return present;
}

/** Nobody learns whether another place has it. */
async function refuseUnknown(tx: Transaction, placeId: number, grants: readonly GroupGrant[]): Promise<void> {
  const problems = unknownInGrants(grants, await knownAmong(tx, placeId, namedIn(grants)));
  if (problems.length > 0) throw new NativeRefusal("argument_invalid", { problems });
}

/** Brings the doors in line for all who belong to the group, at once. */
async function deriveMembers(tx: Transaction, group: KeptGroup, nowMs: number): Promise<void> {
  const members = await memberIds(tx, group);
  const excess = await findExcessOfGrants(tx, group.placeId, members);
  if (excess !== null) throw new NativeRefusal("conflict", { problems: [{ field: "grants", ...excess }] });
  await deriveRoster(tx, group.placeId, { touched: { auths: members }, nowMs });
}
