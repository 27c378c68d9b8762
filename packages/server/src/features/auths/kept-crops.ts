import type { Queryable } from "../../platform/database.ts";
import type { PersonKeys } from "../../platform/person-keys/person-keys.ts";
import type { AuthDetails } from "./auth-record.ts";
import { readCrops } from "./store.ts";

export interface KeptCropsDeps {
  readonly database: Queryable;
  readonly personKeys: Pick<PersonKeys, "find">;
}

/** The crops that are kept of these auths' faces, in base64 and in their order. One whose person was erased meanwhile has none. */
export async function keptCrops(
  { database, personKeys }: KeptCropsDeps,
  authIds: readonly number[],
): Promise<ReadonlyMap<number, readonly string[]>> {
  const rows = authIds.length === 0 ? [] : await readCrops(database, authIds);
  if (rows.length === 0) return new Map();
  const keys = await personKeys.find(
    database,
    rows.map(({ userId }) => userId),
  );
  return new Map(
    rows.map(({ authId, userId, sealed }) => {
      const plain = keys.get(userId)?.open("face crops", sealed);
      return [authId, plain === undefined ? [] : textsIn(plain)] as const;
    }),
  );
}

/** Answers of v1 carry them (CLUe §7). Nothing is asked for auths without faces. */
export async function withCrops(deps: KeptCropsDeps, auths: readonly AuthDetails[]): Promise<readonly AuthDetails[]> {
  const crops = await keptCrops(
    deps,
    auths.filter(({ faceCount }) => faceCount > 0).map(({ authId }) => authId),
  );
  return crops.size === 0 ? auths : auths.map((auth) => ({ ...auth, faceImages: crops.get(auth.authId) ?? [] }));
}

function textsIn(plain: Uint8Array): readonly string[] {
  const value: unknown = JSON.parse(Buffer.from(plain).toString("utf8"));
  return Array.isArray(value) ? value.filter((text) => typeof text === "string") : [];
}
