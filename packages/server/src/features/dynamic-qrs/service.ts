import { type CreateDynamicQr, type DynamicQr, type DynamicQrsQuery, periodProblems } from "@postern/contract";
import type { Clock, Random } from "@postern/core";
import type { Actor } from "../../platform/access/actor.ts";
import { type AuditActor, writeAudit } from "../../platform/audit/audit-store.ts";
import type { Database, Transaction } from "../../platform/database.ts";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import { deletedSince, makeOnce } from "../../platform/operations/make-once.ts";
import { type PageWanted, pageOfRows } from "../../platform/operations/page-cursor.ts";
import type { RequestName } from "../../platform/operations/request-store.ts";
import { hidden } from "../../platform/operations/serve-operations.ts";
import { publishQrs } from "../../roster/publish-qrs.ts";
import * as limits from "./limits.ts";
import { randomUuid } from "./random-uuid.ts";
import * as store from "./store.ts";

export interface DynamicQrsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  /** Where phones reach this server; null: where whoever asks for a link reached it. */
  readonly publicUrl: string | null;
}

/** Who asks for links, and where they reached us. */
export interface Asking {
  readonly actor: Actor;
  readonly by: AuditActor;
  readonly origin: string;
}

export type WantedQr = Pick<CreateDynamicQr, "uniqueKey" | "validFromMs" | "validToMs">;

/** QRs that a person's phone makes anew every few seconds (CLUe §1.9). All calls take a key of the whole group, since they concern every place of it. */
export class DynamicQrs {
  readonly #deps: DynamicQrsDeps;

  constructor(deps: DynamicQrsDeps) {
    this.#deps = deps;
  }

  get nowMs(): number {
    return this.#deps.clock.nowMs();
  }

  async create({ actor, by, origin }: Asking, wanted: WantedQr, once: RequestName | null = null): Promise<DynamicQr> {
    refuseNarrow(actor);
    const { database, clock, random } = this.#deps;
    const nowMs = clock.nowMs();
    const problems = periodProblems(wanted, nowMs);
    if (problems.length > 0) throw new NativeRefusal("argument_invalid", { problems });
    const { placeGroupId } = actor;
    return database.transaction(async (tx) => {
      const qrId = await makeOnce(tx, once, async () => {
        if (!(await store.shareGroup(tx, placeGroupId))) throw new NativeRefusal("key_refused");
        const userId = await store.holdPerson(tx, { placeGroupId, userKey: wanted.uniqueKey, nowMs });
        await refuseTooMany(tx, { placeGroupId, userId });
        const period = { validFrom: wanted.validFromMs, validTo: wanted.validToMs, madeAt: nowMs };
        const id = await store.insertQr(tx, { qid: randomUuid(random), placeGroupId, userId, ...period });
        await audit(tx, { by, placeGroupId, qrIds: [id], nowMs }, "dynamic_qr.create");
        return id;
      });
      const made = await store.findQrById(tx, qrId);
      if (made === null) throw deletedSince();
      return this.#shown(made, origin);
    });
  }

  async list({ actor, origin }: Asking, userKey: string | null, page: PageWanted): Promise<{ items: DynamicQr[]; next?: string }> {
    refuseNarrow(actor);
    const rows = await store.listQrs(this.#deps.database, { placeGroupId: actor.placeGroupId, userKey }, page);
    return pageOfRows(rows, page, { idOf: ({ qrId }) => qrId, item: (row) => this.#shown(row, origin) });
  }

  /** CLUe's paging. */
  async page(
    { actor, origin }: Asking,
    { placeGroupId, uniqueKey, page, size, order }: DynamicQrsQuery,
  ): Promise<{ readonly items: readonly DynamicQr[]; readonly total: number }> {
    requireGroup(actor, placeGroupId ?? actor.placeGroupId);
    const filter = { placeGroupId: actor.placeGroupId, userKey: uniqueKey };
    const { rows, total } = await store.pageOfQrs(this.#deps.database, filter, { page, size, direction: order.direction });
    return { items: rows.map((row) => this.#shown(row, origin)), total };
  }

  async read({ actor, origin }: Asking, qid: string): Promise<DynamicQr> {
    return this.#shown(await this.#existing(actor, qid), origin);
  }

  /** The doors forget it at once, whoever shows it then. */
  async remove({ actor, by }: Asking, qid: string): Promise<void> {
    const { userId } = await this.#existing(actor, qid);
    const qrIds = await this.#take({ actor, by }, userId, (tx) => store.deleteQrs(tx, { qid }));
    if (qrIds.length === 0) throw hidden("dynamicQrId");
  }

  /** Every one of a person. Nobody by that key, or nothing of theirs: there is nothing left to take away, which is what was wanted. */
  async removeOf({ actor, by }: Asking, userKey: string): Promise<void> {
    refuseNarrow(actor);
    const { database } = this.#deps;
    const userId = await database.transaction((tx) => store.findPersonByKey(tx, actor.placeGroupId, userKey));
    if (userId !== null) await this.#take({ actor, by }, userId, (tx) => store.deleteQrs(tx, { userId }));
  }

  #take(
    { actor: { placeGroupId }, by }: Pick<Asking, "actor" | "by">,
    userId: number,
    take: (tx: Transaction) => Promise<readonly number[]>,
  ): Promise<readonly number[]> {
    const { database, clock } = this.#deps;
    return database.transaction(async (tx) => {
      if (!(await store.shareGroup(tx, placeGroupId)) || !(await store.sharePerson(tx, userId))) return [];
      const qrIds = await take(tx);
      await audit(tx, { by, placeGroupId, qrIds, nowMs: clock.nowMs() }, "dynamic_qr.delete");
      await publishQrs(tx, placeGroupId, qrIds);
      return qrIds;
    });
  }

  /** A key that does not reach every place is told of none: the person may be of a place beyond it. */
  async #existing({ placeGroupId, placeIds }: Actor, qid: string): Promise<store.KeptQr> {
    const found = placeIds === null ? await store.findQr(this.#deps.database, qid) : null;
    if (found === null || found.placeGroupId !== placeGroupId) throw hidden("dynamicQrId");
    return found;
  }

  #shown(qr: store.KeptQr, origin: string): DynamicQr {
    const { qid, placeGroupId, userId, userKey, validFrom, validTo, madeAt, boundAt } = qr;
    const url = `${this.#deps.publicUrl ?? origin}/dynamic?qid=${qid}`;
    return { dynamicQrId: qid, placeGroupId, userId, userKey, validFrom, validTo, madeAt, boundAt, url };
  }
}

function refuseNarrow({ placeIds }: Actor): void {
  if (placeIds === null) return;
  throw new NativeRefusal("not_permitted", { detail: "Dynamic QRs need a key that reaches every place of its group." });
}

/** The group that a call of CLUe's names must be the key's, and the key one of all its places. The same for a group that does not exist and for somebody else's. */
export function requireGroup(actor: Actor, named: number): void {
  refuseNarrow(actor);
  if (named !== actor.placeGroupId) throw hidden("placeGroupId");
}

async function refuseTooMany(tx: Transaction, of: { readonly placeGroupId: number; readonly userId: number }): Promise<void> {
  const max = { perGroup: limits.DYNAMIC_QRS_PER_GROUP_MAX, perPerson: limits.DYNAMIC_QRS_PER_PERSON_MAX };
  const { ofGroup, ofPerson } = await store.countQrs(tx, of, max);
  if (ofGroup >= max.perGroup) throw new NativeRefusal("conflict", { detail: `A place group has at most ${max.perGroup} dynamic QRs.` });
  if (ofPerson >= max.perPerson) throw new NativeRefusal("conflict", { detail: `A person has at most ${max.perPerson} dynamic QRs.` });
}

interface Audited {
  readonly by: AuditActor;
  readonly placeGroupId: number;
  readonly qrIds: readonly number[];
  readonly nowMs: number;
}

/** By their numbers: the id in the link is a secret until a phone is bound. */
export async function audit(tx: Transaction, { by, placeGroupId, qrIds, nowMs: atMs }: Audited, action: string): Promise<void> {
  const about = { by, placeGroupId, placeId: null, atMs, action };
  await writeAudit(tx, ...qrIds.map((id) => ({ ...about, target: { kind: "dynamic_qr", id } })));
}
