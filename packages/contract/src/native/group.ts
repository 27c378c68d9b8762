import Type, { type Static } from "typebox";
import { GRANTS_PER_GROUP_MAX } from "./native-limits.ts";
import { operations } from "./operation.ts";
import { Count, closed, DoorSet, Id, NoQuery, OptionalId, PageQuery, PlaceParams, pageOf, ThingName } from "./parts.ts";

/** Doors at times; no schedule: always. */
export const GroupGrant = Type.Object({ doors: DoorSet, scheduleId: OptionalId }, closed);
export type GroupGrant = Static<typeof GroupGrant>;

const GroupWrite = Type.Object({ name: ThingName, grants: Type.Array(GroupGrant, { maxItems: GRANTS_PER_GROUP_MAX }) }, closed);
export type GroupWrite = Static<typeof GroupWrite>;

export const Group = Type.Object({ groupId: Id, placeId: Id, name: ThingName, grants: Type.Array(GroupGrant), memberCount: Count }, closed);
export type Group = Static<typeof Group>;

export const GroupMember = Type.Object({ authId: Id, userId: Id, userKey: Type.String(), name: Type.String() }, closed);
export type GroupMember = Static<typeof GroupMember>;

const GroupParams = Type.Object({ groupId: Id }, closed);
const MemberParams = Type.Object({ groupId: Id, authId: Id }, closed);
const reading = ["people", "doors:configure"] as const;

export const groupOperations = operations({
  listGroups: {
    method: "GET",
    path: "/places/{placeId}/groups",
    access: reading,
    tag: "groups",
    summary: "List the access groups of a place",
    params: PlaceParams,
    query: PageQuery,
    body: null,
    answer: pageOf(Group),
    status: 200,
    errors: ["not_found"],
  },
  createGroup: {
    method: "POST",
    path: "/places/{placeId}/groups",
    access: ["people"],
    tag: "groups",
    summary: "Make an access group: doors at times, for the auths that belong to it",
    params: PlaceParams,
    query: NoQuery,
    body: GroupWrite,
    answer: Group,
    status: 201,
    errors: ["not_found", "conflict"],
    isIdempotent: true,
  },
  readGroup: {
    method: "GET",
    path: "/groups/{groupId}",
    access: reading,
    tag: "groups",
    summary: "Read an access group",
    params: GroupParams,
    query: NoQuery,
    body: null,
    answer: Group,
    status: 200,
    errors: ["not_found"],
    isVersioned: true,
  },
  changeGroup: {
    method: "PATCH",
    path: "/groups/{groupId}",
    access: ["people"],
    tag: "groups",
    summary: "Change an access group; every member's doors follow at once",
    params: GroupParams,
    query: NoQuery,
    body: Type.Partial(GroupWrite, closed),
    answer: Group,
    status: 200,
    errors: ["not_found", "conflict", "changed_meanwhile"],
    isVersioned: true,
  },
  deleteGroup: {
    method: "DELETE",
    path: "/groups/{groupId}",
    access: ["people"],
    tag: "groups",
    summary: "Delete an access group; its members lose what it gave them",
    params: GroupParams,
    query: NoQuery,
    body: null,
    answer: null,
    status: 204,
    errors: ["not_found", "changed_meanwhile"],
    isVersioned: true,
  },
  listGroupMembers: {
    method: "GET",
    path: "/groups/{groupId}/members",
    access: ["people"],
    tag: "groups",
    summary: "List the members of an access group",
    params: GroupParams,
    query: PageQuery,
    body: null,
    answer: pageOf(GroupMember),
    status: 200,
    errors: ["not_found"],
  },
  addGroupMember: {
    method: "PUT",
    path: "/groups/{groupId}/members/{authId}",
    access: ["people"],
    tag: "groups",
    summary: "Let an auth of the same place belong to the group; again is harmless",
    params: MemberParams,
    query: NoQuery,
    body: null,
    answer: null,
    status: 204,
    errors: ["not_found", "conflict"],
  },
  removeGroupMember: {
    method: "DELETE",
    path: "/groups/{groupId}/members/{authId}",
    access: ["people"],
    tag: "groups",
    summary: "Let an auth belong to the group no longer; again is harmless",
    params: MemberParams,
    query: NoQuery,
    body: null,
    answer: null,
    status: 204,
    errors: ["not_found"],
  },
});
