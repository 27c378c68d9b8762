import {
  CHOICE_MEMBER,
  type ChangePlaceVendorMapping,
  type ChangeVendorMapping,
  type PlaceVendorMapping,
  type Problem,
  VENDOR_CREDENTIALS,
  type VendorCredential,
  type VendorMapping,
} from "@postern/contract";
import type { Clock } from "@postern/core";
import type { Actor, ReachedPlace } from "../../platform/access/actor.ts";
import { type AuditActor, writeAudit } from "../../platform/audit/audit-store.ts";
import type { Database, Queryable, Transaction } from "../../platform/database.ts";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import { hidden } from "../../platform/operations/serve-operations.ts";
import { refuseStale } from "../../platform/operations/version-tag.ts";
import { deriveDoors } from "../../roster/derive-doors.ts";
import { deriveRoster } from "../../roster/derive-roster.ts";
import { lockRoster, lockRostersOfGroup } from "../../roster/roster-store.ts";
import * as store from "./mapping-store.ts";
import { requireWholeGroup } from "./service.ts";
import { lockGroup } from "./store.ts";

export interface VendorMappingsDeps {
  readonly database: Database;
  readonly clock: Clock;
}

interface Changing<Body> {
  readonly by: AuditActor;
  readonly ifMatch: string | null;
  readonly body: Body;
}

/** Which API is asked about which type of credential: at the group, and where a place chose otherwise. The doors follow in the commit of each change. */
export class VendorMappings {
  readonly #deps: VendorMappingsDeps;

  constructor(deps: VendorMappingsDeps) {
    this.#deps = deps;
  }

  async readGroup(actor: Actor): Promise<VendorMapping> {
    requireWholeGroup(actor);
    return groupMapping(this.#deps.database, actor.placeGroupId);
  }

  /** What is named holds for every place from now on, also for one that had chosen otherwise (CLUe §3). */
  async changeGroup(actor: Actor, { by, ifMatch, body }: Changing<ChangeVendorMapping>): Promise<VendorMapping> {
    requireWholeGroup(actor);
    const { placeGroupId } = actor;
    const chosen = chosenIn(body);
    return this.#deps.database.transaction(async (tx) => {
      if (!(await lockGroup(tx, placeGroupId))) throw new NativeRefusal("key_refused");
      const present = await groupMapping(tx, placeGroupId);
      refuseStale(ifMatch, present);
      const changed = [
        ...(body.accessType === undefined ? [] : ["accessType"]),
        ...chosen.map(({ credential }) => CHOICE_MEMBER[credential]),
      ];
      // Nothing was asked for: no place's roster is locked for it.
      if (changed.length === 0) return present;
      await refuseUnknown(tx, placeGroupId, chosen);
      const heads = await lockRostersOfGroup(tx, placeGroupId);
      if (body.accessType !== undefined) await store.writeAccessType(tx, placeGroupId, body.accessType);
      if (chosen.length > 0) await store.writeGroupChoices(tx, placeGroupId, chosen);
      await deriveDoors(tx, heads);
      const target = { kind: "vendor_mapping", id: placeGroupId };
      const entry = { by, placeGroupId, placeId: null, atMs: this.#deps.clock.nowMs(), action: "vendor_mapping.change", target };
      await writeAudit(tx, { ...entry, detail: { changed } });
      return groupMapping(tx, placeGroupId);
    });
  }

  async readPlace(place: ReachedPlace): Promise<PlaceVendorMapping> {
    return placeMapping(this.#deps.database, place);
  }

  async changePlace(place: ReachedPlace, { by, ifMatch, body }: Changing<ChangePlaceVendorMapping>): Promise<PlaceVendorMapping> {
    const chosen = chosenIn(body);
    return this.#atPlace(place, by, async (tx) => {
      refuseStale(ifMatch, await placeMapping(tx, place));
      await refuseUnknown(tx, place.placeGroupId, chosen);
      if (chosen.length > 0) await store.writePlaceChoices(tx, place.placeId, chosen);
      return chosen.map(({ credential }) => CHOICE_MEMBER[credential]);
    });
  }

  /** The group's choices hold again. */
  async resetPlace(place: ReachedPlace, by: AuditActor): Promise<void> {
    await this.#atPlace(place, by, async (tx) => ((await store.dropPlaceChoices(tx, place.placeId)) ? ["all"] : []));
  }

  async #atPlace(
    place: ReachedPlace,
    by: AuditActor,
    change: (tx: Transaction) => Promise<readonly string[]>,
  ): Promise<PlaceVendorMapping> {
    const { placeId, placeGroupId } = place;
    const nowMs = this.#deps.clock.nowMs();
    return this.#deps.database.transaction(async (tx) => {
      await lockRoster(tx, placeId);
      const changed = await change(tx);
      const entry = { by, placeGroupId, placeId, atMs: nowMs, action: "vendor_mapping.change_place", detail: { changed } };
      if (changed.length > 0) await writeAudit(tx, { ...entry, target: { kind: "place", id: placeId } });
      await deriveRoster(tx, placeId, { touched: { doors: "all" }, nowMs });
      return placeMapping(tx, place);
    });
  }
}

interface Chosen {
  readonly credential: VendorCredential;
  readonly vendorApiId: number | null;
}

function chosenIn(body: ChangePlaceVendorMapping): readonly Chosen[] {
  return VENDOR_CREDENTIALS.flatMap((credential) => {
    const vendorApiId = body[CHOICE_MEMBER[credential]];
    return vendorApiId === undefined ? [] : [{ credential, vendorApiId }];
  });
}

/** An API of another group answers like one that does not exist. */
async function refuseUnknown(tx: Transaction, placeGroupId: number, chosen: readonly Chosen[]): Promise<void> {
  if (chosen.every(({ vendorApiId }) => vendorApiId === null)) return;
  const known = await store.holdApiNames(tx, placeGroupId);
  const problems = chosen.flatMap(({ credential, vendorApiId }): Problem[] => {
    if (vendorApiId === null || known.some((api) => api.vendorApiId === vendorApiId && api.credential === credential)) return [];
    const message = `names no API of this place group for ${credential}`;
    return [{ field: CHOICE_MEMBER[credential], message, rejectedValue: vendorApiId }];
  });
  if (problems.length > 0) throw new NativeRefusal("argument_invalid", { problems });
}

async function groupMapping(queryable: Queryable, placeGroupId: number): Promise<VendorMapping> {
  const mapping = await store.readGroupMapping(queryable, placeGroupId);
  // The group was deleted, and its keys with it.
  if (mapping === null) throw new NativeRefusal("key_refused");
  return { placeGroupId, accessType: mapping.accessType, ...mapping.choice };
}

async function placeMapping(queryable: Queryable, { placeId, placeGroupId }: ReachedPlace): Promise<PlaceVendorMapping> {
  const mapping = await store.readPlaceMapping(queryable, placeId);
  if (mapping === null) throw hidden("placeId");
  const choices = await store.readApiNames(queryable, placeGroupId);
  return { placeId, accessType: mapping.accessType, ...mapping.choice, chosenHere: [...mapping.chosenHere], choices: [...choices] };
}
