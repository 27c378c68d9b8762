import { addSums, COMMON_SCOPE, hashToSum, itemHash, itemScopes, rosterDigest } from "@postern/core";
import { HeldItems } from "../../checkers/held-items.ts";
import type { PlaceHistory } from "../../checkers/place-history.ts";
import { RosterChecker } from "../../checkers/roster-checker.ts";
import type { Accuse } from "../../checkers/violation.ts";
import type { DatabaseDisk, DoorDisk } from "../evidence/evidence.ts";

/** In the end every replica holds what it should, item by item, and the server knows it by an equal digest. */
export function judgeReplicas(doors: readonly DoorDisk[], database: DatabaseDisk, history: PlaceHistory, accuse: Accuse): void {
  const rosters = new RosterChecker(history, accuse);
  for (const door of doors) {
    const { name, doorIds, replica, controllerId } = door;
    const held = new HeldItems();
    held.write(replica.items);
    rosters.judge({ name, layout: { doors: doorIds.map((doorId) => ({ doorId })) } }, held);
    const { epoch, completeTo } = replica.position;
    if (epoch !== database.epoch || completeTo !== database.revision)
      accuse("convergence", `${name} is at ${completeTo} of epoch ${epoch}, and the server at ${database.revision} of ${database.epoch}`);
    const confirmed = database.controllers.find((controller) => controller.controllerId === controllerId);
    if (confirmed?.confirmedRevision !== database.revision)
      accuse("convergence", `the server knows of ${name} that it confirmed ${confirmed?.confirmedRevision ?? 0} of ${database.revision}`);
    else if (confirmed.confirmedDigest !== digestOf(door))
      accuse("convergence", `the digest that ${name} confirmed is not that of what it holds`);
  }
}

/** Of the contents on the disk, in the parts that this controller's doors are concerned by. */
export function digestOf({ replica, doorIds }: Pick<DoorDisk, "replica" | "doorIds">): string {
  const sums = new Map([COMMON_SCOPE, ...doorIds].map((scope) => [scope, 0n]));
  for (const held of replica.items) {
    if (held.kind !== "item") continue;
    for (const scope of itemScopes(held.item)) {
      const sum = sums.get(scope);
      if (sum !== undefined) sums.set(scope, addSums(sum, hashToSum(itemHash(held.item))));
    }
  }
  return rosterDigest([...sums].map(([scope, sum]) => ({ scope, sum })));
}
