import { type AuthItem, addSums, bucketOf, hashToSum, type ItemKey, itemHash, itemScopes, type RosterItem } from "@postern/core";
import type { Accuse } from "../../checkers/violation.ts";
import type { DatabaseDisk, StoredAuth } from "../evidence/evidence.ts";

/** The tables of people, the roster made of them and the sums of the roster say the same: no change is half there. */
export function judgePeople({ auths, items, sums }: DatabaseDisk, accuse: Accuse): void {
  const roster = new Map(items.map(({ key, item }) => [key, item]));
  const known = new Set<ItemKey>();
  for (const auth of auths) {
    const key: ItemKey = `auth:${auth.authId}`;
    known.add(key);
    const item = roster.get(key) ?? null;
    for (const wrong of judgeAuth(auth, item)) accuse("people", `auth ${auth.authId} of ${auth.userKey}: ${wrong}`);
  }
  for (const { key, item } of items)
    if (item?.kind === "auth" && !known.has(key)) accuse("people", `the roster holds ${key}, which is nobody's right`);
  judgeSums(
    items.flatMap(({ item }) => item ?? []),
    sums,
    accuse,
  );
}

function judgeAuth(auth: StoredAuth, item: RosterItem | null): string[] {
  if (auth.isDeleted) {
    return [
      ...(item === null ? [] : ["it has ended and the roster holds it"]),
      ...(auth.cards.length === 0 ? [] : ["it has ended and keeps its cards"]),
    ];
  }
  if (item?.kind !== "auth") return ["it stands and the roster does not hold it"];
  return FIELDS.filter((field) => JSON.stringify(auth[field]) !== JSON.stringify(item[field])).map(
    (field) => `its ${field} is another in the roster`,
  );
}

const FIELDS = ["name", "status", "startMs", "endMs", "doors", "cards"] as const satisfies readonly (keyof AuthItem & keyof StoredAuth)[];

function judgeSums(items: readonly RosterItem[], kept: ReadonlyMap<string, bigint>, accuse: Accuse): void {
  const counted = new Map<string, bigint>();
  for (const item of items) {
    for (const scope of itemScopes(item)) {
      const key = `${scope}:${bucketOf(`${item.kind}:${item.id}`)}`;
      counted.set(key, addSums(counted.get(key) ?? 0n, hashToSum(itemHash(item))));
    }
  }
  for (const key of new Set([...counted.keys(), ...kept.keys()]))
    if ((counted.get(key) ?? 0n) !== (kept.get(key) ?? 0n)) accuse("people", `the sum of bucket ${key} is not that of its items`);
}
