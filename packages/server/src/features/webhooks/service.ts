import type {
  ChangeWebhook,
  CreateWebhook,
  EventChoice,
  MadeWebhook,
  RotateSecret,
  Webhook,
  WebhookPlace,
  WebhookTest,
} from "@postern/contract";
import { type Clock, canonicalJson, type Random } from "@postern/core";
import { readEventChoice } from "../../following/event-choice.ts";
import { headsOf } from "../../following/follow-store.ts";
import { decodeLogId, encodeLogId } from "../../ledger/log-id.ts";
import type { Actor } from "../../platform/access/actor.ts";
import { type AuditActor, writeAudit } from "../../platform/audit/audit-store.ts";
import type { Database, Transaction } from "../../platform/database.ts";
import { accepted } from "../../platform/http/accepted.ts";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import { hidden } from "../../platform/operations/serve-operations.ts";
import { refuseStale } from "../../platform/operations/version-tag.ts";
import { SECRET_KEPT_MS_DEFAULT } from "../../platform/outgoing/limits.ts";
import { newSecret, sealSecret, secretText } from "../../platform/outgoing/signing-secret.ts";
import { logAttempt } from "./delivery-store.ts";
import { WEBHOOKS_PER_GROUP_MAX } from "./limits.ts";
import { testMessage } from "./message.ts";
import { type SendDeps, type SentTo, sealedFor, sendMessage } from "./send-message.ts";
import * as store from "./store.ts";

export interface WebhooksDeps extends SendDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
}

/** A webhook the actor was let into, and who asks. */
export interface Existing {
  readonly webhook: Webhook;
  readonly by: AuditActor;
}

const VERSION_LEAVES_OUT = ["parkedPlaces", "failingPlaces"] as const;

/** Who is told what happens, and how it fares. */
export class Webhooks {
  readonly #deps: WebhooksDeps;

  constructor(deps: WebhooksDeps) {
    this.#deps = deps;
  }

  /** The webhook when the actor reaches it; null as for one that does not exist. A webhook of all places is reached by keys of all places. */
  async find(actor: Actor, webhookId: number): Promise<Webhook | null> {
    const webhook = await store.findWebhook(this.#deps.database, webhookId);
    if (webhook === null || webhook.placeGroupId !== actor.placeGroupId) return null;
    if (actor.placeIds === null) return webhook;
    return webhook.placeId !== null && actor.placeIds.includes(webhook.placeId) ? webhook : null;
  }

  /** `placeId` null: of every place of the group. */
  async create(
    { actor, by, placeId }: { readonly actor: Actor; readonly by: AuditActor; readonly placeId: number | null },
    body: CreateWebhook,
  ): Promise<MadeWebhook> {
    if (placeId === null && actor.placeIds !== null)
      throw new NativeRefusal("not_permitted", { detail: "A webhook of every place needs a key that reaches every place of its group." });
    this.#refuseBadTarget(body.url);
    refuseBadChoice(body.events);
    const after = body.after === undefined || body.after === "now" ? null : await this.#sequenceOf(placeId, body.after);
    const { database, clock, random, secretKey } = this.#deps;
    const [atMs, secret] = [clock.nowMs(), newSecret(random)];
    return database.transaction(async (tx) => {
      const { placeGroupId } = actor;
      const count = await store.lockAndCountWebhooks(tx, placeGroupId);
      // The group was deleted, and its keys with it.
      if (count === null) throw new NativeRefusal("key_refused");
      if (count >= WEBHOOKS_PER_GROUP_MAX)
        throw new NativeRefusal("conflict", { detail: `A place group has at most ${WEBHOOKS_PER_GROUP_MAX} webhooks.` });
      const webhookId = await store.drawWebhookId(tx);
      const { name, url, events = {}, paused = false } = body;
      const secretSealed = sealSecret(sealedFor(secretKey, webhookId), secret, random);
      const row = { webhookId, placeGroupId, placeId, name, url, events, paused, secretSealed, madeAt: atMs, madeBy: by.keyId };
      if (!(await store.insertWebhook(tx, row, after))) throw hidden("placeId");
      const made = await this.#present(tx, webhookId);
      await this.#audit(tx, { webhook: made, by }, "webhook.create");
      return { ...made, secret: secretText(secret) };
    });
  }

  async change(
    { webhook: { webhookId }, by }: Existing,
    { body, ifMatch }: { body: ChangeWebhook; ifMatch: string | null },
  ): Promise<Webhook> {
    if (body.url !== undefined) this.#refuseBadTarget(body.url);
    refuseBadChoice(body.events);
    return this.#deps.database.transaction(async (tx) => {
      await this.#lock(tx, webhookId);
      const present = await this.#present(tx, webhookId);
      refuseStale(ifMatch, present, VERSION_LEAVES_OUT);
      const { name = present.name, url = present.url, events = present.events, paused = present.paused } = body;
      const wanted = { ...present, name, url, events, paused };
      const areOtherEvents = canonicalJson(wanted.events) !== canonicalJson(present.events);
      const isElsewhere = wanted.url !== present.url;
      if (!areOtherEvents && !isElsewhere && wanted.name === present.name && wanted.paused === present.paused) return present;
      await store.updateWebhook(tx, wanted);
      await store.beginAnew(tx, webhookId, { areOtherEvents });
      // What failed elsewhere has not failed here.
      if (isElsewhere) await store.resumePlaces(tx, webhookId);
      await this.#audit(tx, { webhook: wanted, by }, "webhook.change");
      return this.#present(tx, webhookId);
    });
  }

  async remove({ webhook, by }: Existing): Promise<void> {
    await this.#deps.database.transaction(async (tx) => {
      await this.#lock(tx, webhook.webhookId);
      await store.deleteWebhook(tx, webhook.webhookId);
      await this.#audit(tx, { webhook, by }, "webhook.delete");
    });
  }

  async rotateSecret({ webhook: { webhookId }, by }: Existing, body: RotateSecret | undefined): Promise<MadeWebhook> {
    const { database, clock, random, secretKey } = this.#deps;
    const secret = newSecret(random);
    const previousUntil = clock.nowMs() + (body?.keepPreviousMs ?? SECRET_KEPT_MS_DEFAULT);
    return database.transaction(async (tx) => {
      await this.#lock(tx, webhookId);
      await store.rotateSecret(tx, { webhookId, secretSealed: sealSecret(sealedFor(secretKey, webhookId), secret, random), previousUntil });
      const webhook = await this.#present(tx, webhookId);
      await this.#audit(tx, { webhook, by }, "webhook.rotate_secret");
      return { ...webhook, secret: secretText(secret) };
    });
  }

  async resume({ webhook: { webhookId }, by }: Existing): Promise<Webhook> {
    return this.#deps.database.transaction(async (tx) => {
      await this.#lock(tx, webhookId);
      await store.resumePlaces(tx, webhookId);
      const webhook = await this.#present(tx, webhookId);
      await this.#audit(tx, { webhook, by }, "webhook.resume");
      return webhook;
    });
  }

  async replay({ webhook, by }: Existing, { placeId, after }: { readonly placeId: number; readonly after: string }): Promise<WebhookPlace> {
    const { database } = this.#deps;
    const { webhookId } = webhook;
    if ((await store.findWebhookPlace(database, webhookId, placeId)) === null) throw hidden("placeId");
    const sequence = await this.#sequenceOf(placeId, after);
    return database.transaction(async (tx) => {
      await this.#lock(tx, webhookId);
      await store.replayPlace(tx, { webhookId, placeId, sequence });
      await this.#audit(tx, { webhook: { ...webhook, placeId }, by }, "webhook.replay");
      const row = await store.findWebhookPlace(tx, webhookId, placeId);
      if (row === null) throw hidden("placeId");
      return webhookPlace(row);
    });
  }

  async test({ webhook }: Existing, signal: AbortSignal): Promise<WebhookTest> {
    const { database, clock } = this.#deps;
    const to = await this.#sentTo(webhook);
    const message = testMessage(webhook.webhookId, clock.nowMs());
    const attempted = await sendMessage(this.#deps, to, { message, signal });
    const { messageId } = message;
    const about = { messageId, attempt: 1, atMs: clock.nowMs(), url: webhook.url, eventCount: 0, first: null, through: null };
    await logAttempt(database, { webhookId: webhook.webhookId, placeId: null }, { ...attempted, ...about });
    const { retryAfterMs: _asked, ...told } = attempted;
    return { messageId, ...told };
  }

  async #sentTo({ webhookId }: Webhook): Promise<SentTo> {
    const to = await store.findSentTo(this.#deps.database, webhookId);
    if (to === null) throw hidden("webhookId");
    return to;
  }

  async #lock(tx: Transaction, webhookId: number): Promise<void> {
    if (!(await store.lockWebhook(tx, webhookId))) throw hidden("webhookId");
  }

  async #present(tx: Transaction, webhookId: number): Promise<Webhook> {
    const webhook = await store.findWebhook(tx, webhookId);
    if (webhook === null) throw hidden("webhookId");
    return webhook;
  }

  async #audit(tx: Transaction, { webhook: { webhookId, placeGroupId, placeId, url }, by }: Existing, action: string): Promise<void> {
    const target = { kind: "webhook", id: webhookId };
    // The host alone: an address may hold what only its receiver should know.
    const detail = { host: new URL(url).host };
    await writeAudit(tx, { by, placeGroupId, placeId, atMs: this.#deps.clock.nowMs(), action, target, detail });
  }

  #refuseBadTarget(url: string): void {
    const message = this.#deps.outgoing.problemOf(url);
    if (message !== null) throw new NativeRefusal("argument_invalid", { problems: [{ field: "url", message }] });
  }

  /** `placeId` null: of every place, where only the beginning has one meaning. */
  async #sequenceOf(placeId: number | null, position: string): Promise<number> {
    if (position === "beginning" || placeId === null) return 0;
    const head = (await headsOf(this.#deps.database, [placeId])).get(placeId) ?? 0;
    if (position === "now") return head;
    const found = decodeLogId(position);
    const message =
      found === null || found.placeId !== placeId
        ? "is no cursor of this place"
        : found.sequence > head
          ? "is beyond the end of this ledger"
          : null;
    if (found === null || message !== null)
      throw new NativeRefusal("argument_invalid", { problems: [{ field: "after", message: message ?? "is no cursor of this place" }] });
    return found.sequence;
  }
}

function refuseBadChoice(events: EventChoice | undefined): void {
  if (events !== undefined) accepted(readEventChoice(events, "events.types"));
}

/** How far a webhook is with a place, as it is shown. */
export function webhookPlace(row: store.PlaceRow): WebhookPlace {
  const { placeId, sequence, head, attempts, failingSince, nextAttemptAt, parkedAt, error, paused } = row;
  const state = parkedAt !== null ? "parked" : paused ? "paused" : attempts > 0 ? "retrying" : "ready";
  return {
    placeId,
    state,
    deliveredThrough: encodeLogId({ placeId, sequence }),
    behind: Math.max(0, head - sequence),
    attempts,
    failingSince,
    nextAttemptAt: state === "retrying" ? nextAttemptAt : null,
    parkedAt,
    error,
  };
}
