import assert from "node:assert/strict";
import type { EventsFrame, HelloFrame, StoredFrame, WelcomeFrame } from "@postern/contract";

interface Entry {
  readonly generation: number;
  readonly localLogId: number;
  readonly event: unknown;
}

/** The server's side of a log, written from the link's invariants E4 to E8 alone. */
export class ModelLedger {
  readonly entries: Entry[] = [];
  readonly lost: { generation: number; from: number; to: number }[] = [];
  readonly forks: number[] = [];
  readonly marks = new Map<number, number>();

  /** The marks of a welcome. */
  welcome(hello: Pick<HelloFrame, "log">): WelcomeFrame["marks"] {
    return hello.log.generations.flatMap(({ generation }) => {
      const through = this.marks.get(generation);
      return through === undefined ? [] : [{ generation, through }];
    });
  }

  append(frame: Omit<EventsFrame, "session" | "sentAt">): StoredFrame {
    for (const range of frame.lost ?? []) this.#lose(range);
    const expect = this.#begin(frame);
    if (expect !== null) return this.#answer(frame, expect);
    const through = this.marks.get(frame.generation) ?? 0;
    if (frame.first > through + 1) return this.#answer(frame, { generation: frame.generation, from: through + 1 });
    for (const [index, event] of frame.events.entries()) {
      const localLogId = frame.first + index;
      if (localLogId <= (this.marks.get(frame.generation) ?? 0)) continue;
      this.entries.push({ generation: frame.generation, localLogId, event });
      this.marks.set(frame.generation, localLogId);
    }
    return this.#answer(frame);
  }

  /** A server restored from a backup: everything after the first `count` entries never happened for it. */
  restore(count: number): void {
    this.entries.length = Math.min(count, this.entries.length);
    this.marks.clear();
    for (const { generation, localLogId } of this.entries) this.marks.set(generation, localLogId);
  }

  #lose({ generation, from, to }: { generation: number; from: number; to: number }): void {
    const stored = this.marks.get(generation);
    if (stored !== undefined && (from > stored + 1 || to <= stored)) return;
    this.lost.push({ generation, from: stored === undefined ? from : stored + 1, to });
    this.marks.set(generation, to);
  }

  #begin({ generation, predecessor, first }: Omit<EventsFrame, "session" | "sentAt">): StoredFrame["expect"] | null {
    if (this.marks.has(generation)) return null;
    if (predecessor === undefined) return { generation, from: 0 };
    if (predecessor === null) {
      this.marks.set(generation, first - 1);
      return null;
    }
    const stored = this.marks.get(predecessor.generation);
    if (stored === undefined || stored < predecessor.last)
      return { generation: predecessor.generation, from: stored === undefined ? 0 : stored + 1 };
    if (stored > predecessor.last) this.forks.push(generation);
    assert.equal(first, predecessor.last + 1, "a generation goes on where the one before it ended");
    this.marks.set(generation, predecessor.last);
    return null;
  }

  #answer({ generation }: Pick<EventsFrame, "generation">, expect?: StoredFrame["expect"]): StoredFrame {
    return { generation, through: this.marks.get(generation) ?? 0, refused: [], ...(expect === undefined ? {} : { expect }) };
  }
}
