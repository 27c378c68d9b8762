import { pageWanted } from "../../platform/operations/page-cursor.ts";
import type { Serve } from "../../platform/operations/serve-operations.ts";
import type { PeopleService } from "./service.ts";

/** Under v2. */
export function servePeople(serve: Serve, people: PeopleService): void {
  serve("listPeople", ({ actor, query }) => {
    const { userKey = null, q: text = null } = query;
    return people.list(actor, { userKey, text }, pageWanted(query));
  });

  serve("readPerson", ({ actor, params }) => people.read(actor, params.userId));

  serve("exportPerson", ({ actor, params }) => people.export(actor, params.userId));

  serve("erasePerson", ({ actor, by, params }) => people.erase(actor, params.userId, by));
}
