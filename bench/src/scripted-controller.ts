import { createPrivateKey } from "node:crypto";
import type { RosterFrame } from "@postern/contract";
import { readRosterItem } from "@postern/contract";
import { addSums, COMMON_SCOPE, hashToSum, itemHash, itemScopes, rosterDigest, subtractSums } from "@postern/core";
import { LinkClient } from "@postern/server/testing";

export interface ControllerSeat {
  readonly serial: string;
  readonly controllerId: number;
  readonly doorId: number;
  readonly deviceId: number;
  readonly privateKey: string;
}

/** A controller true to the link, with its replica in memory: it computes its digest from the contents, and keeps nothing on a disk. */
export class ScriptedController {
  readonly seat: ControllerSeat;
  readonly link: LinkClient;
  readonly session: number;
  readonly #held = new Map<string, { scopes: readonly number[]; sum: bigint }>();
  readonly #sums: Map<number, bigint>;
  #marks = { urgentTo: 0, completeTo: 0 };

  private constructor(seat: ControllerSeat, link: LinkClient, session: number) {
    this.seat = seat;
    this.link = link;
    this.session = session;
    this.#sums = new Map([
      [COMMON_SCOPE, 0n],
      [seat.doorId, 0n],
    ]);
  }

  static async connect(mqttUrl: string, seat: ControllerSeat): Promise<ScriptedController> {
    const link = await LinkClient.connect(mqttUrl, { serial: seat.serial, privateKey: createPrivateKey(seat.privateKey) });
    const { session } = await link.hello();
    return new ScriptedController(seat, link, session);
  }

  /** Takes over what the server sends until told to stop. */
  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const frame = await this.link.roster().catch(() => null);
      if (frame !== null) await this.#answer(frame);
    }
  }

  async #answer(frame: RosterFrame): Promise<void> {
    for (const { key, item } of frame.items) {
      const before = this.#held.get(key);
      if (before !== undefined) this.#add(before.scopes, subtractSums(0n, before.sum));
      this.#held.delete(key);
      const read = item === undefined ? null : readRosterItem(item);
      if (read === null) continue;
      const held = { scopes: itemScopes(read), sum: hashToSum(itemHash(read)) };
      this.#add(held.scopes, held.sum);
      this.#held.set(key, held);
    }
    this.#marks = { urgentTo: frame.urgentTo ?? this.#marks.urgentTo, completeTo: frame.completeTo ?? this.#marks.completeTo };
    const digest = frame.completeTo === undefined ? {} : { digest: rosterDigest([...this.#sums].map(([scope, sum]) => ({ scope, sum }))) };
    await this.link.send("synced", { session: this.session, batch: frame.batch, ...this.#marks, failures: [], ...digest });
  }

  #add(scopes: readonly number[], sum: bigint): void {
    for (const scope of scopes) {
      const total = this.#sums.get(scope);
      if (total !== undefined) this.#sums.set(scope, addSums(total, sum));
    }
  }
}
