import { eventCode, isEventType, type LinkEvent, type RecordedEvent, type StoredFrame } from "@postern/contract";
import type { LogGeneration, LogPosition } from "@postern/door/internal";
import { isIn, LedgerIndex, type LedgerTables, type Range } from "./ledger-index.ts";
import type { Accuse } from "./violation.ts";

/** A number of a log generation that the server said it has. */
interface Promised {
  readonly through: number;
  /** Of the database's life: before or after a restore. */
  readonly epoch: string;
}

/** A month, by clocks that may be wrong by days. */
const KEPT_MS_MIN = 20 * 86_400_000;

/** What the disks have written is in the ledger: once, in order, with every hole declared. */
export class LogChecker {
  readonly #accuse: Accuse;
  /** Generation → number → event, for all that was ever durable at a door. */
  readonly #written = new Map<number, Map<number, LinkEvent>>();
  /** Generation → what its first record says it continues. */
  readonly #predecessors = new Map<number, LogPosition | null>();
  readonly #promised = new Map<number, Promised>();
  /** Generation → what was ever answered as stored, and when. */
  readonly #storedMs = new Map<number, { readonly through: number; readonly wallMs: number }[]>();

  constructor(accuse: Accuse) {
    this.#accuse = accuse;
  }

  begun(generation: number, predecessor: LogPosition | null): void {
    this.#predecessors.set(generation, predecessor);
  }

  recorded(generation: number, first: number, events: readonly LinkEvent[]): void {
    const log = this.#written.get(generation) ?? new Map<number, LinkEvent>();
    this.#written.set(generation, log);
    for (const [index, event] of events.entries()) log.set(first + index, event);
  }

  /** A disk keeps these numbers no more. Nothing goes that was not answered as stored long ago: a server that is restored is given it again. */
  trimmed(
    machine: string,
    numbers: Range,
    { generations, wallMs }: { readonly generations: readonly LogGeneration[]; readonly wallMs: number },
  ): void {
    for (const { generation, first, last } of generations) {
      const to = Math.min(last, numbers.to);
      if (to < Math.max(first, numbers.from)) continue;
      // What is stored of a later generation comes after all of this one, whose own answer may have died with its server.
      const reach = generations.map((one) => (one.first > to ? { generation: one.generation, to: 0 } : { generation, to }));
      const isOld = reach.some((one) => this.#isStoredSince(one, wallMs - KEPT_MS_MIN));
      if (!isOld) this.#accuse("kept", `${machine} forgets number ${to} of log ${generation}, which was not stored for long`);
    }
  }

  /** An answer was sent, at a time that goes on while everything is off. */
  answered({ generation, through }: StoredFrame, wallMs: number): void {
    this.#storedMs.set(generation, [...(this.#storedMs.get(generation) ?? []), { through, wallMs }]);
  }

  #isStoredSince({ generation, to }: { readonly generation: number; readonly to: number }, sinceMs: number): boolean {
    return this.#storedMs.get(generation)?.some(({ through, wallMs }) => through >= to && wallMs <= sinceMs) === true;
  }

  /** What was answered is gone, by a fault that nobody could prevent. */
  forgetPromises(): void {
    this.#promised.clear();
  }

  /** An answer on its way to a controller. What it says is committed, or the answer is a lie. */
  promised({ generation, through }: Pick<StoredFrame, "generation" | "through">, tables: LedgerTables): void {
    const known = this.#promised.get(generation);
    if (known !== undefined && known.epoch === tables.epoch && known.through >= through) return;
    this.#promised.set(generation, { through, epoch: tables.epoch });
    if (this.#written.get(generation)?.has(through) !== true) return;
    if (!new LedgerIndex(tables).has(generation, through))
      this.#accuse("stored", `number ${through} of log ${generation} was answered as stored and is not committed`);
  }

  /** `kept`: generation → numbers that a door still keeps and could offer. */
  judge(tables: LedgerTables, kept: ReadonlyMap<number, ReadonlySet<number>>): void {
    const index = new LedgerIndex(tables);
    for (const fault of index.faults) this.#accuse("ledger", fault);
    for (const [generation, { rows, lost, last }] of index.logs) {
      for (const [number, row] of rows) this.#judgeRow(generation, number, row);
      this.#judgeHoles(generation, last, { has: (number) => rows.has(number) || isIn(lost, number) });
    }
    this.#judgeForks(index);
    for (const [generation, numbers] of kept) {
      const missing = [...numbers].filter((number) => index.logs.get(generation)?.rows.has(number) !== true);
      if (missing.length > 0)
        this.#accuse("nothing lost", `log ${generation} is kept at its door and the ledger lacks ${missing.slice(0, 5).join(", ")}`);
    }
    for (const [generation, { through, epoch }] of this.#promised) {
      if (epoch !== tables.epoch) continue;
      const missing = [...(this.#written.get(generation)?.keys() ?? [])].filter(
        (number) => number <= through && !index.has(generation, number),
      );
      if (missing.length > 0) this.#accuse("stored", `log ${generation} was answered as stored through ${through} and lacks ${missing[0]}`);
    }
  }

  /** A log that continues from before what is stored of it is a fork, and the ledger says so. */
  #judgeForks({ logs, forked }: LedgerIndex): void {
    for (const generation of logs.keys()) {
      const predecessor = this.#predecessors.get(generation) ?? null;
      if (predecessor === null || forked.has(generation)) continue;
      const began = Math.min(...[...(logs.get(generation)?.rows.values() ?? [])].map((row) => row.sequence));
      const before = [...(logs.get(predecessor.generation)?.rows ?? [])].filter(([, row]) => row.sequence < began);
      const stored = before.reduce((most, [number]) => Math.max(most, number), 0);
      if (stored > predecessor.last)
        this.#accuse(
          "forks",
          `log ${generation} continues ${predecessor.generation} from ${predecessor.last}, of which ${stored} are stored, and no fact says so`,
        );
    }
  }

  #judgeRow(generation: number, number: number, row: RecordedEvent): void {
    const event = this.#written.get(generation)?.get(number);
    if (event === undefined) {
      this.#accuse("ledger", `number ${number} of log ${generation} was never written at a door`);
      return;
    }
    const isSame =
      isEventType(event.eventType) &&
      eventCode(event.eventType) === row.eventType &&
      (event.doorId ?? null) === row.doorId &&
      (event.authId ?? null) === row.authId;
    if (!isSame)
      this.#accuse("ledger", `number ${number} of log ${generation} says ${row.eventType} and the door wrote ${event.eventType}`);
  }

  #judgeHoles(generation: number, last: number, log: { readonly has: (number: number) => boolean }): void {
    const first = Math.min(...(this.#written.get(generation)?.keys() ?? [last]));
    for (let number = first; number <= last; number += 1) {
      if (log.has(number)) continue;
      this.#accuse("holes", `number ${number} of log ${generation} is missing before ${last}, and nothing declares it lost`);
      return;
    }
  }
}
