import { cardKeysOf, readAuthChange, readNewAuth } from "@postern/contract";
import type { Database } from "../../platform/database.ts";
import { accepted } from "../../platform/http/accepted.ts";
import { AUTH_BODY_BYTES_MAX } from "../../platform/http/http-limits.ts";
import { pageOfRows, pageWanted } from "../../platform/operations/page-cursor.ts";
import type { RequestName } from "../../platform/operations/request-store.ts";
import { hidden, type Serve } from "../../platform/operations/serve-operations.ts";
import { refuseStale } from "../../platform/operations/version-tag.ts";
import type { PersonKeys } from "../../platform/person-keys/person-keys.ts";
import { nativeFields } from "./auth-fields.ts";
import { type AuthDetails, authDetails } from "./auth-record.ts";
import type { AuthWriter } from "./auth-writer.ts";
import type { IdempotencyKey } from "./idempotency-store.ts";
import { keptCrops } from "./kept-crops.ts";
import { AUTH_ANSWER_MS_MAX } from "./limits.ts";
import { listAuthsAfter } from "./list-store.ts";
import { nativeAuth } from "./native-auth.ts";
import { findAuthPlace, readAuth } from "./store.ts";

export interface NativeAuthsDeps {
  readonly database: Database;
  readonly writer: AuthWriter;
  readonly personKeys: PersonKeys;
}

/** Under v2. */
export function serveAuths(serve: Serve, { database, writer, personKeys }: NativeAuthsDeps): void {
  serve("listAuths", async ({ params, query, place }) => {
    const { placeId } = await place(params.placeId);
    const page = pageWanted(query);
    const { q = null, status = null, groupId = null, doorId = null } = query;
    const filter = { text: q, cardKeys: q === null ? [] : cardKeysOf(q), status, groupId, doorId };
    const found = await listAuthsAfter(database, placeId, { ...filter, ...page });
    return pageOfRows(found, page, { idOf: ({ kept }) => kept.authId, item: ({ kept, doors }) => nativeAuth(authDetails(kept, doors)) });
  });

  serve(
    "createAuth",
    async ({ params, body, by, once, place, tellDoors, tellDuplicates }) => {
      const wanted = accepted(readNewAuth(body));
      const reached = await place(params.placeId);
      const idempotencyKey = idempotencyKeyOf(once, reached.placeId);
      const made = await writer.create({ place: reached, by, wanted, fields: nativeFields(body), idempotencyKey });
      await tellDoors(made.authId);
      tellDuplicates(made.faceDuplicates);
      return nativeAuth(made);
    },
    { bodyLimit: AUTH_BODY_BYTES_MAX, answerMsMax: AUTH_ANSWER_MS_MAX },
  );

  serve("readAuth", async ({ params: { authId }, placeOf }) => {
    await placeOf("authId", await findAuthPlace(database, authId));
    const auth = await readAuth(database, authId);
    if (auth === null) throw hidden("authId");
    return nativeAuth(authDetails(auth.kept, auth.doors));
  });

  serve(
    "changeAuth",
    async ({ params: { authId }, body, by, ifMatch, placeOf, tellDoors, tellDuplicates }) => {
      const wanted = accepted(readAuthChange(body));
      const place = await placeOf("authId", await findAuthPlace(database, authId));
      const judgePresent = unlessStale(ifMatch);
      const changed = await writer.change({ place, by, authId, wanted, fields: nativeFields(body), judgePresent });
      if (changed === null) throw hidden("authId");
      await tellDoors(authId);
      tellDuplicates(changed.faceDuplicates);
      return nativeAuth(changed);
    },
    { bodyLimit: AUTH_BODY_BYTES_MAX, answerMsMax: AUTH_ANSWER_MS_MAX },
  );

  serve("readFaces", async ({ params: { authId }, placeOf }) => {
    await placeOf("authId", await findAuthPlace(database, authId));
    const auth = await readAuth(database, authId);
    if (auth === null) throw hidden("authId");
    const crops = (await keptCrops({ database, personKeys }, [authId])).get(authId) ?? [];
    const { faces } = auth.kept.record;
    return { faces: faces.map(({ packId, packVersion }, index) => ({ packId, packVersion, crop: crops[index] ?? null })) };
  });

  serve("deleteFaces", async ({ params: { authId }, by, placeOf, tellDoors }) => {
    const place = await placeOf("authId", await findAuthPlace(database, authId));
    if ((await writer.removeFaces({ place, by, authId })) === null) throw hidden("authId");
    await tellDoors(authId);
    return undefined;
  });

  serve("deleteAuth", async ({ params: { authId }, by, ifMatch, placeOf, tellDoors }) => {
    const place = await placeOf("authId", await findAuthPlace(database, authId));
    if (!(await writer.remove({ place, by, authId, judgePresent: unlessStale(ifMatch) }))) throw hidden("authId");
    await tellDoors(authId);
    return undefined;
  });
}

function unlessStale(ifMatch: string | null): (present: AuthDetails) => void {
  return (present) => refuseStale(ifMatch, nativeAuth(present));
}

/** Remembered with those of v1, apart from them by its route: an enrolment judges a repeat by what was asked, whichever way it was written. */
function idempotencyKeyOf(once: RequestName | null, placeId: number): IdempotencyKey | null {
  if (once === null) return null;
  return { keyId: once.keyId, route: `POST /v2/places/${placeId}/auths`, text: once.text, forgottenToMs: once.forgottenToMs };
}
