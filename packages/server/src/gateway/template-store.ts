import type { Queryable } from "../platform/database.ts";
import type { PersonKeys } from "../platform/person-keys/person-keys.ts";
import type { PageItem } from "../roster/page.ts";

export function hasTemplates(items: readonly PageItem[]): boolean {
  return items.some((item) => authIdOf(item) !== null);
}

interface SealedRow {
  readonly auth_id: number;
  readonly user_id: number;
  readonly fingerprints_sealed: Uint8Array | null;
  readonly faces_sealed: Uint8Array | null;
}

type Templates = Pick<PageItem, "templates" | "faceTemplates">;

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
  const rows = await queryable.query<SealedRow>({
    name: "gateway-templates",
    text: `select auth_id, user_id, fingerprints_sealed, faces_sealed from auths
      where auth_id = any($1) and (fingerprints_sealed is not null or faces_sealed is not null)`,
    values: [authIds],
  });
  const keys = await personKeys.find(
    queryable,
    rows.map((row) => row.user_id),
  );
  const found = new Map<number, Templates>();
  for (const row of rows) {
    const key = keys.get(row.user_id);
    if (key === undefined) continue;
    const { fingerprints_sealed: fingers, faces_sealed: faces } = row;
    found.set(row.auth_id, {
      ...(fingers === null ? {} : { templates: readTexts(key.open("fingerprints", fingers)) }),
      ...(faces === null ? {} : { faceTemplates: readTexts(key.open("faces", faces)) }),
    });
  }
  return items.map((item) => ({ ...item, ...found.get(authIdOf(item) ?? Number.NaN) }));
}

/** null: an item without fingers and faces. */
function authIdOf({ key, item }: PageItem): number | null {
  if (!key.startsWith("auth:") || typeof item !== "object" || item === null) return null;
  const hasAny = ["fingerprints", "faces"].some((name) => {
    const marks: unknown = Reflect.get(item, name);
    return Array.isArray(marks) && marks.length > 0;
  });
  return hasAny ? Number(key.slice("auth:".length)) : null;
}

/** A list of texts, as they were sealed together. */
function readTexts(plain: Uint8Array): readonly string[] {
  const value: unknown = JSON.parse(Buffer.from(plain).toString("utf8"));
  return Array.isArray(value) ? value.filter((text) => typeof text === "string") : [];
}
