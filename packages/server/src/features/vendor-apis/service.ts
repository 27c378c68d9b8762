import { isDeepStrictEqual } from "node:util";
import {
  type ChangedVendorApi,
  type ChangeVendorApi,
  type CreateVendorApi,
  type NewVendorApi,
  VENDOR_APIS_PER_CREDENTIAL_MAX,
  type VendorSample,
  type VendorTest,
} from "@postern/contract";
import type { Random } from "@postern/core";
import type { Actor } from "../../platform/access/actor.ts";
import { type AuditActor, writeAudit } from "../../platform/audit/audit-store.ts";
import type { Database, Transaction } from "../../platform/database.ts";
import { accepted } from "../../platform/http/accepted.ts";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import { type PageWanted, pageOfRows } from "../../platform/operations/page-cursor.ts";
import { hidden } from "../../platform/operations/serve-operations.ts";
import { refuseStale } from "../../platform/operations/version-tag.ts";
import { SECRET_KEPT_MS_DEFAULT } from "../../platform/outgoing/limits.ts";
import type { OutgoingHttp } from "../../platform/outgoing/outgoing-http.ts";
import { newSecret, openSecrets, sealSecret, secretText } from "../../platform/outgoing/signing-secret.ts";
import { deriveDoors } from "../../roster/derive-doors.ts";
import { lockRostersOfGroup } from "../../roster/roster-store.ts";
import type { CallDeps } from "./call-vendor.ts";
import { type Header, readDraft, type VendorDraft, type WrittenApi } from "./draft.ts";
import { isApiChosen } from "./mapping-store.ts";
import { mergeChange } from "./merge-change.ts";
import { openHeaders, sealHeaders, secretOwner } from "./sealed-parts.ts";
import * as store from "./store.ts";
import { testDraft } from "./test-draft.ts";
import { isProven } from "./test-proof.ts";

export interface VendorApisDeps extends CallDeps {
  readonly database: Database;
  readonly random: Random;
  readonly outgoing: Pick<OutgoingHttp, "send" | "problemOf">;
  /** Under which headers and secrets are sealed. */
  readonly secretKey: Uint8Array;
  /** Of proofs that an API was tested. */
  readonly proofKey: Uint8Array;
}

/** An API the actor was let into, and who asks. */
export interface ExistingApi {
  readonly api: store.KeptApi;
  readonly by: AuditActor;
}

/** With the secret that signs its requests, which is told this once. */
export type MadeApi = store.ShownApi & { readonly secret: string };

/** Fails unless the key reaches every place of its group: what is asked there concerns all of them. */
export function requireWholeGroup(actor: Actor): void {
  if (actor.placeIds === null) return;
  throw new NativeRefusal("not_permitted", { detail: "The customer's APIs take a key that reaches every place of its group." });
}

/** The customer's APIs that confirm at doors: registered, tested, changed and taken away. */
export class VendorApis {
  readonly #deps: VendorApisDeps;

  constructor(deps: VendorApisDeps) {
    this.#deps = deps;
  }

  async list(actor: Actor, page: PageWanted): Promise<{ readonly items: readonly store.ShownApi[]; readonly next?: string }> {
    requireWholeGroup(actor);
    const rows = await store.listApis(this.#deps.database, actor.placeGroupId, page);
    return pageOfRows(rows, page, { idOf: ({ vendorApiId }) => vendorApiId, item: store.shownApi });
  }

  /** Fails as `not_found` for one that does not exist, is somebody else's, or is asked for with a key of some places. */
  async find(actor: Actor, vendorApiId: number): Promise<store.KeptApi> {
    const api = await store.findApi(this.#deps.database, vendorApiId);
    if (api === null || api.placeGroupId !== actor.placeGroupId || actor.placeIds !== null) throw hidden("vendorApiId");
    return api;
  }

  async testNew(
    actor: Actor,
    { sample, ...body }: NewVendorApi & { readonly sample: VendorSample },
    signal: AbortSignal,
  ): Promise<VendorTest> {
    requireWholeGroup(actor);
    const draft = this.#judged(body);
    return testDraft(this.#deps, { placeGroupId: actor.placeGroupId, draft, sample, secrets: [], signal });
  }

  async test(
    { api }: ExistingApi,
    { sample, ...change }: ChangedVendorApi & { readonly sample: VendorSample },
    signal: AbortSignal,
  ): Promise<VendorTest> {
    const draft = this.#changed(api, change);
    const secrets = openSecrets(secretOwner(this.#deps.secretKey, api.vendorApiId), api, this.#deps.clock.nowMs());
    if (secrets === null) throw unreadable();
    return testDraft(this.#deps, { placeGroupId: api.placeGroupId, draft, sample, secrets, signal });
  }

  async create({ actor, by }: { readonly actor: Actor; readonly by: AuditActor }, { proof, ...body }: CreateVendorApi): Promise<MadeApi> {
    requireWholeGroup(actor);
    const { placeGroupId } = actor;
    const draft = this.#judged(body);
    this.#refuseUntested(proof, placeGroupId, draft);
    const { database, clock, random, secretKey } = this.#deps;
    const [atMs, secret] = [clock.nowMs(), newSecret(random)];
    return database.transaction(async (tx) => {
      // The group was deleted, and its keys with it.
      if (!(await store.lockGroup(tx, placeGroupId))) throw new NativeRefusal("key_refused");
      if ((await store.countApis(tx, placeGroupId, draft.credential)) >= VENDOR_APIS_PER_CREDENTIAL_MAX) {
        throw new NativeRefusal("conflict", {
          detail: `A place group has at most ${VENDOR_APIS_PER_CREDENTIAL_MAX} APIs for one type of credential.`,
        });
      }
      const vendorApiId = await store.drawApiId(tx);
      const secrets = {
        secretSealed: sealSecret(secretOwner(secretKey, vendorApiId), secret, random),
        previousSecretSealed: null,
        previousSecretUntil: null,
      };
      const api = { ...this.#sealed(draft, vendorApiId), ...secrets, vendorApiId, placeGroupId, madeAt: atMs, madeBy: by.keyId };
      await store.insertApi(tx, api);
      await this.#audit(tx, { api, by }, "vendor_api.create");
      return { ...store.shownApi(api), secret: secretText(secret) };
    });
  }

  async change(
    { api: { vendorApiId }, by }: ExistingApi,
    { body: { proof, ...change }, ifMatch }: { readonly body: ChangeVendorApi; readonly ifMatch: string | null },
  ): Promise<store.ShownApi> {
    return this.#deps.database.transaction(async (tx) => {
      const present = await this.#locked(tx, vendorApiId);
      refuseStale(ifMatch, store.shownApi(present));
      const draft = this.#changed(present, change);
      const before = this.#changed(present, {});
      if (isSame(draft, before) && draft.name === before.name) return store.shownApi(present);
      if (!isSame(draft, before)) this.#refuseUntested(proof, present.placeGroupId, draft);
      const api = { ...present, ...this.#sealed(draft, vendorApiId) };
      await store.updateApi(tx, api);
      await this.#audit(tx, { api, by }, "vendor_api.change");
      return store.shownApi(api);
    });
  }

  /** Where it was asked, the doors decide alone from the commit on. */
  async remove({ api: { vendorApiId }, by }: ExistingApi): Promise<void> {
    await this.#deps.database.transaction(async (tx) => {
      const api = await this.#locked(tx, vendorApiId);
      const heads = await lockRostersOfGroup(tx, api.placeGroupId);
      const isChosen = await isApiChosen(tx, vendorApiId);
      await store.deleteApi(tx, vendorApiId);
      if (isChosen) await deriveDoors(tx, heads);
      await this.#audit(tx, { api, by }, "vendor_api.delete");
    });
  }

  async rotateSecret(
    { api: { vendorApiId }, by }: ExistingApi,
    body: { readonly keepPreviousMs?: number | undefined } | undefined,
  ): Promise<MadeApi> {
    const { database, clock, random, secretKey } = this.#deps;
    const secret = newSecret(random);
    const previousUntil = clock.nowMs() + (body?.keepPreviousMs ?? SECRET_KEPT_MS_DEFAULT);
    return database.transaction(async (tx) => {
      const api = await this.#locked(tx, vendorApiId);
      await store.rotateSecret(tx, {
        vendorApiId,
        secretSealed: sealSecret(secretOwner(secretKey, vendorApiId), secret, random),
        previousUntil,
      });
      await this.#audit(tx, { api, by }, "vendor_api.rotate_secret");
      return { ...store.shownApi(api), previousSecretUntil: previousUntil, secret: secretText(secret) };
    });
  }

  /** Under the lock of its group, as everything of a group's APIs is changed. */
  async #locked(tx: Transaction, vendorApiId: number): Promise<store.KeptApi> {
    const found = await store.findApi(tx, vendorApiId);
    if (found === null || !(await store.lockGroup(tx, found.placeGroupId))) throw hidden("vendorApiId");
    // Read again: somebody else may have changed it while the lock was waited for.
    const api = await store.findApi(tx, vendorApiId);
    if (api === null) throw hidden("vendorApiId");
    return api;
  }

  #judged(body: WrittenApi): VendorDraft {
    return accepted(readDraft(body, (url) => this.#deps.outgoing.problemOf(url)));
  }

  #changed(api: store.KeptApi, change: ChangedVendorApi): VendorDraft {
    return this.#judged(accepted(mergeChange(api, this.#headersOf(api), change)));
  }

  #headersOf({ vendorApiId, headersSealed }: store.KeptApi): readonly Header[] {
    const headers = openHeaders(this.#deps.secretKey, vendorApiId, headersSealed);
    if (headers === null) throw unreadable();
    return headers;
  }

  #sealed(
    { headers, ...draft }: VendorDraft,
    vendorApiId: number,
  ): Omit<VendorDraft, "headers"> & Pick<store.KeptApi, "headerNames" | "headersSealed"> {
    const { secretKey, random } = this.#deps;
    return {
      ...draft,
      headerNames: headers.map(({ name }) => name),
      headersSealed: sealHeaders(secretKey, vendorApiId, { headers, random }),
    };
  }

  #refuseUntested(proof: string | undefined, placeGroupId: number, draft: VendorDraft): void {
    const { proofKey, clock } = this.#deps;
    if (proof !== undefined && isProven(proofKey, proof, { placeGroupId, draft, nowMs: clock.nowMs() })) return;
    const message = "must be that of a successful test of this very API within the last 15 minutes";
    throw new NativeRefusal("argument_invalid", { problems: [{ field: "proof", message }] });
  }

  async #audit(tx: Transaction, { api, by }: ExistingApi, action: string): Promise<void> {
    const { vendorApiId, placeGroupId, credential, url } = api;
    // The host alone: an address may hold what only its receiver should know.
    const detail = { credential, host: new URL(url).host };
    const target = { kind: "vendor_api", id: vendorApiId };
    await writeAudit(tx, { by, placeGroupId, placeId: null, atMs: this.#deps.clock.nowMs(), action, target, detail });
  }
}

/** But for their names. */
function isSame(one: VendorDraft, other: VendorDraft): boolean {
  return isDeepStrictEqual({ ...one, name: "" }, { ...other, name: "" });
}

function unreadable(): NativeRefusal {
  const detail = "The secrets of this API were sealed by another server's key. Take it away and make it again.";
  return new NativeRefusal("conflict", { detail });
}
