import type { AuthItem } from "@postern/core";
import type { Accuse } from "../../checkers/violation.ts";
import type { DatabaseDisk, ItemVersion } from "../evidence/evidence.ts";
import type { Change, WantedAuth } from "../people/journal.ts";
import { changeOfName } from "../people/people-actor.ts";

/** What was answered as done is in the database, as it was asked for; of what was refused nothing is; of what nobody knows, all or nothing. */
export function judgeChanges(changes: readonly Change[], { history, auths }: DatabaseDisk, accuse: Accuse): void {
  const made = versionsByChange(history);
  const ended = new Set(history.flatMap(({ key, item }) => (item === null ? [key] : [])));
  const mayBeEnded = new Set(
    changes.flatMap(({ wanted, outcome, authId }) => (wanted === "gone" && outcome !== "refused" ? [`auth:${authId}`] : [])),
  );
  for (const change of changes) judgeChange(change, { made: made.get(change.change) ?? [], ended }, accuse);
  for (const key of ended)
    if (key.startsWith("auth:") && !mayBeEnded.has(key)) accuse("changes", `${key} was ended and nobody who was not refused asked for it`);
  const asked = new Set(changes.map(({ change }) => change));
  for (const change of made.keys()) if (!asked.has(change)) accuse("changes", `the roster has a change ${change} that nobody asked for`);
  const refused = new Set(changes.flatMap(({ outcome, change }) => (outcome === "refused" ? [change] : [])));
  for (const { authId, name } of auths) {
    const change = changeOfName(name);
    if (change !== null && refused.has(change)) accuse("changes", `auth ${authId} is as change ${change} would have it, which was refused`);
  }
}

interface Found {
  readonly made: readonly ItemVersion[];
  readonly ended: ReadonlySet<string>;
}

function judgeChange(change: Change, { made, ended }: Found, accuse: Accuse): void {
  const { wanted, outcome, authId, kind, api } = change;
  const what = `change ${change.change} (${kind} by ${api})`;
  if (wanted === "gone") {
    if (outcome === "done" && !ended.has(`auth:${authId}`))
      accuse("changes", `${what} was answered as done and auth ${authId} has not ended`);
    return;
  }
  if (outcome === "refused" && made.length > 0) accuse("changes", `${what} was refused (${change.code}) and is in the roster`);
  if (made.length > 1) accuse("changes", `${what} stands ${made.length} times in the roster`);
  const [version] = made;
  if (outcome === "done" && version === undefined) accuse("changes", `${what} was answered as done and is not in the roster`);
  if (version === undefined) return;
  if (authId !== null && version.key !== `auth:${authId}`)
    accuse("changes", `${what} was made of ${version.key} and answered as of auth ${authId}`);
  if (version.item?.kind !== "auth") return;
  if (change.answeredMs !== null && outcome === "done" && version.atMs > change.answeredMs)
    accuse("changes", `${what} was answered before it was written`);
  const wrong = differences(version.item, wanted);
  if (wrong.length > 0) accuse("changes", `${what} made something else than was asked for: ${wrong.join(", ")}`);
}

function differences(item: AuthItem, { status, doors, endMs, card }: WantedAuth): string[] {
  return [
    ...(status === undefined || item.status === status ? [] : ["status"]),
    ...(doors === undefined || JSON.stringify(item.doors) === JSON.stringify(doors) ? [] : ["doors"]),
    ...(endMs === undefined || item.endMs === endMs ? [] : ["end"]),
    ...(card === undefined || item.cards.includes(`CSN:${card}`) ? [] : ["card"]),
  ];
}

function versionsByChange(history: readonly ItemVersion[]): Map<number, ItemVersion[]> {
  const made = new Map<number, ItemVersion[]>();
  for (const version of history) {
    const change = version.item?.kind === "auth" ? changeOfName(version.item.name) : null;
    if (change === null) continue;
    made.set(change, [...(made.get(change) ?? []), version]);
  }
  return made;
}
