import { pageWanted } from "../../platform/operations/page-cursor.ts";
import type { Serve } from "../../platform/operations/serve-operations.ts";
import { GROUP_ANSWER_MS_MAX } from "./limits.ts";
import type { MembersService } from "./members.ts";
import type { GroupsService } from "./service.ts";

/** Under v2. */
export function serveGroups(serve: Serve, groups: GroupsService): void {
  serve("listGroups", async ({ params, query, place }) => {
    const { placeId } = await place(params.placeId);
    return groups.list(placeId, pageWanted(query));
  });

  serve("createGroup", async ({ params, body, by, once, place }) => groups.create({ place: await place(params.placeId), by, once }, body));

  serve("readGroup", async ({ params: { groupId }, placeOf }) => {
    await placeOf("groupId", await groups.placeOf(groupId));
    return groups.read(groupId);
  });

  serve(
    "changeGroup",
    async ({ params: { groupId }, body, by, ifMatch, placeOf }) => {
      const place = await placeOf("groupId", await groups.placeOf(groupId));
      return groups.change({ place, by, groupId, ifMatch }, body);
    },
    { answerMsMax: GROUP_ANSWER_MS_MAX },
  );

  serve(
    "deleteGroup",
    async ({ params: { groupId }, by, ifMatch, placeOf }) => {
      const place = await placeOf("groupId", await groups.placeOf(groupId));
      return void (await groups.remove({ place, by, groupId, ifMatch }));
    },
    { answerMsMax: GROUP_ANSWER_MS_MAX },
  );
}

/** Under v2. */
export function serveGroupMembers(serve: Serve, groups: GroupsService, members: MembersService): void {
  serve("listGroupMembers", async ({ params: { groupId }, query, placeOf }) => {
    const { placeId } = await placeOf("groupId", await groups.placeOf(groupId));
    return members.list({ placeId, groupId }, pageWanted(query));
  });

  serve("addGroupMember", async ({ params: { groupId, authId }, by, placeOf }) => {
    const place = await placeOf("groupId", await groups.placeOf(groupId));
    return void (await members.add({ place, by, groupId, authId }));
  });

  serve("removeGroupMember", async ({ params: { groupId, authId }, by, placeOf }) => {
    const place = await placeOf("groupId", await groups.placeOf(groupId));
    return void (await members.remove({ place, by, groupId, authId }));
  });
}
