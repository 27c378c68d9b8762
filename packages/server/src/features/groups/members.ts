import type { GroupMember } from "@postern/contract";
import type { ReachedPlace } from "../../platform/access/actor.ts";
import { type AuditActor, writeAudit } from "../../platform/audit/audit-store.ts";
import type { Transaction } from "../../platform/database.ts";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import { type PageWanted, pageOfRows } from "../../platform/operations/page-cursor.ts";
import { hidden } from "../../platform/operations/serve-operations.ts";
import { deriveRoster } from "../../roster/derive-roster.ts";
import { findCrowdedGroup, findExcessOfGrants } from "../../roster/grant-limits.ts";
import { lockRoster } from "../../roster/roster-store.ts";
import type { GroupsDeps } from "./service.ts";
import { deleteMember, findGroup, type GroupOfPlace, hasAuth, insertMember, listMembers } from "./store.ts";

/** One auth and one group that somebody brings together or parts. */
export interface Membership {
  readonly place: ReachedPlace;
  readonly by: AuditActor;
  readonly groupId: number;
  readonly authId: number;
}

export interface MembersPage {
  readonly items: readonly GroupMember[];
  readonly next?: string;
}

export interface MembersService {
  list(group: GroupOfPlace, page: PageWanted): Promise<MembersPage>;
  /** Again is harmless. Fails with `conflict` when the auth would have more than the link carries. */
  add(membership: Membership): Promise<void>;
  /** Again is harmless. */
  remove(membership: Membership): Promise<void>;
}

export function membersService(deps: GroupsDeps): MembersService {
  return {
    async list(group, page) {
      return pageOfRows(await listMembers(deps.database, group, page), page, { idOf: (row) => row.authId, item: (row) => row });
    },
    add: (membership) =>
      withMembership(deps, membership, "group.add_member", async (tx, { placeId, groupId }) => {
        if (!(await insertMember(tx, { placeId, groupId }, membership.authId))) return false;
        const excess = await findExcessOfGrants(tx, placeId, [membership.authId]);
        if (excess !== null) throw new NativeRefusal("conflict", { problems: [{ field: "authId", ...excess }] });
        const crowded = await findCrowdedGroup(tx, placeId, [groupId]);
        if (crowded !== null) throw new NativeRefusal("conflict", { problems: [{ field: "groupId", ...crowded }] });
        return true;
      }),
    remove: (membership) =>
      withMembership(deps, membership, "group.remove_member", (tx, group) => deleteMember(tx, group, membership.authId)),
  };
}

/** Changes whether an auth belongs to a group; where `write` says that it changed nothing, nothing more is done. */
async function withMembership(
  { database, clock }: GroupsDeps,
  { place, by, groupId, authId }: Membership,
  action: string,
  write: (tx: Transaction, group: GroupOfPlace) => Promise<boolean>,
): Promise<void> {
  const { placeId, placeGroupId } = place;
  const nowMs = clock.nowMs();
  await database.transaction(async (tx) => {
    await lockRoster(tx, placeId);
    if ((await findGroup(tx, groupId)) === null) throw hidden("groupId");
    if (!(await hasAuth(tx, placeId, authId))) throw hidden("authId");
    if (!(await write(tx, { placeId, groupId }))) return;
    const target = { kind: "group", id: groupId };
    await writeAudit(tx, { by, placeGroupId, placeId, atMs: nowMs, action, target, detail: { authId } });
    await deriveRoster(tx, placeId, { touched: { auths: [authId] }, nowMs });
  });
}
