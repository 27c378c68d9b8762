import type { Queryable } from "../platform/database.ts";
import type { PersonKeys } from "../platform/person-keys/person-keys.ts";
import type { PageItem } from "../roster/page.ts";

export function hasTemplates(items: readonly PageItem[]): boolean {
  return items.some((item) => authIdOf(item) !== null);
}

/**
 * The items with the templates whose marks they hold, opened for as long as it takes to send them. One that is erased or changed meanwhile goes
 * without: the door cannot take it over, says so, and gets what is newer at once.
 */
export async function withTemplates(
  queryable: Queryable,
  personKeys: Pick<PersonKeys, "find">,
  items: readonly PageItem[],
): Promise<readonly PageItem[]> {
  const authIds = items.flatMap((item) => authIdOf(item) ?? []);
  const rows = await queryable.query<{ auth_id: number; user_id: number; fingerprints_sealed: Uint8Array }>({
    name: "gateway-finger-templates",
    text: "select auth_id, user_id, fingerprints_sealed from auths where auth_id = any($1) and fingerprints_sealed is not null",
    values: [authIds],
  });
  const keys = await personKeys.find(
    queryable,
    rows.map((row) => row.user_id),
  );
  const templates = new Map<number, readonly string[]>();
  for (const { auth_id: authId, user_id: userId, fingerprints_sealed: sealed } of rows) {
    const plain = keys.get(userId)?.open("fingerprints", sealed);
    if (plain !== undefined) templates.set(authId, readTemplates(plain));
  }
  return items.map((item) => {
    const authId = authIdOf(item);
    const found = authId === null ? undefined : templates.get(authId);
    return found === undefined ? item : { ...item, templates: found };
  });
}

/** null: an item without fingers. */
function authIdOf({ key, item }: PageItem): number | null {
  if (!key.startsWith("auth:") || typeof item !== "object" || item === null || !("fingerprints" in item)) return null;
  const { fingerprints } = item;
  return Array.isArray(fingerprints) && fingerprints.length > 0 ? Number(key.slice("auth:".length)) : null;
}

/** A list of base64 texts, as they were sealed together. */
function readTemplates(plain: Uint8Array): readonly string[] {
  const value: unknown = JSON.parse(Buffer.from(plain).toString("utf8"));
  return Array.isArray(value) ? value.filter((template) => typeof template === "string") : [];
}
