import type { LedgerHead } from "@postern/contract";
import { chainHash } from "@postern/core";
import type { HeadKeys } from "./head-keys.ts";
import { type LedgerHeader, readFileLine } from "./ledger-file.ts";

/** The first thing that is wrong with a file, and the only one that is told: what follows it proves nothing. */
export interface Wrong {
  readonly line: number;
  /** Of the event that was due there; null: it is about the whole file. */
  readonly sequence: number | null;
  readonly what: string;
}

/** A head that somebody has kept, and where it stands there. */
export interface KeptHead {
  readonly from: string;
  readonly head: LedgerHead;
}

/** What a whole file proves. */
export interface Proven {
  readonly placeId: number;
  readonly epoch: string;
  readonly firstSequence: number;
  readonly sequence: number;
  readonly eventCount: number;
  readonly headCount: number;
  readonly signedAt: number;
  readonly keyId: string;
  /** Heads somebody kept that agree; and those of events that the file has no more. */
  readonly keptAgreed: number;
  readonly keptTooOld: number;
}

export type Verdict = { readonly ok: true; readonly proven: Proven } | { readonly ok: false; readonly wrong: Wrong };

interface Trusted {
  /** null: the key that the file itself names. */
  readonly keys: HeadKeys | null;
  readonly keysOf: (publicKey: string) => HeadKeys;
  readonly kept: readonly KeptHead[];
}

/** Judges a file line by line, in memory that does not grow with it. */
export class LedgerVerifier {
  readonly #trusted: Trusted;
  /** Sequence → heads kept by somebody. */
  readonly #kept = new Map<number, KeptHead[]>();
  #line = 0;
  #header: LedgerHeader | null = null;
  #keys: HeadKeys | null = null;
  #sequence = 0;
  #hash = "";
  #eventCount = 0;
  #headCount = 0;
  #keptAgreed = 0;
  /** The last head in the file, with its line. */
  #head: { readonly line: number; readonly head: LedgerHead } | null = null;

  constructor(trusted: Trusted) {
    this.#trusted = trusted;
    for (const each of trusted.kept) this.#kept.set(each.head.sequence, [...(this.#kept.get(each.head.sequence) ?? []), each]);
  }

  /** null: nothing is wrong so far. */
  read(bytes: Buffer): Wrong | null {
    this.#line += 1;
    const found = readFileLine(bytes);
    const header = this.#header;
    if (header === null) return found.kind === "header" ? this.#begin(found.header) : this.#wrong("is not the first line of a ledger");
    switch (found.kind) {
      case "event":
        return this.#event(header, found);
      case "head":
        return this.#signed(header, found.head);
      case "header":
        return this.#wrong("begins another ledger");
      case "nothing":
        return this.#wrong("is neither an event nor a head: it was changed or cut");
      default:
        return found satisfies never;
    }
  }

  /** After the last line. */
  end(): Verdict {
    const wrong = this.#atEnd();
    if (wrong !== null) return { ok: false, wrong };
    const { head } = this.#head ?? {};
    const { placeId = 0, epoch = "", firstSequence = 0, sequence = 0, at: signedAt = 0, keyId = "" } = head ?? {};
    const [eventCount, headCount, keptAgreed] = [this.#eventCount, this.#headCount, this.#keptAgreed];
    const keptTooOld = this.#trusted.kept.filter((each) => each.head.sequence < firstSequence - 1).length;
    return {
      ok: true,
      proven: { placeId, epoch, firstSequence, sequence, eventCount, headCount, signedAt, keyId, keptAgreed, keptTooOld },
    };
  }

  #begin(header: LedgerHeader): Wrong | null {
    this.#header = header;
    this.#sequence = header.firstSequence - 1;
    this.#hash = header.before;
    this.#keys = this.#trusted.keys ?? this.#trusted.keysOf(header.publicKey);
    for (const { from, head } of this.#trusted.kept) {
      if (head.placeId !== header.placeId)
        return this.#wrong(`begins the ledger of the place ${header.placeId}, and ${from} is of ${head.placeId}`);
      const fault = this.#keys.faultOf(head);
      if (fault !== null) return this.#wrong(`cannot be judged by what you keep: ${from} ${fault}`);
    }
    return this.#agreesWithKept();
  }

  #event(
    header: LedgerHeader,
    { sequence, hash, bytes }: { readonly sequence: number; readonly hash: string; readonly bytes: Uint8Array },
  ): Wrong | null {
    const due = this.#sequence + 1;
    if (sequence > due) return this.#wrong(`has the sequence ${sequence}: ${runOf(due, sequence - 1)} missing, or moved to behind it`);
    if (sequence < due)
      return this.#wrong(
        `has the sequence ${sequence}, which ${sequence < header.firstSequence ? "is none of this file" : "was there already"}: it was put in or moved`,
      );
    const wanted = chainHash(this.#hash, bytes);
    if (hash !== wanted) return this.#wrong("does not follow from the line before it: one of the two was changed");
    this.#sequence = sequence;
    this.#hash = hash;
    this.#eventCount += 1;
    return this.#agreesWithKept();
  }

  #signed(header: LedgerHeader, head: LedgerHead): Wrong | null {
    if (head.placeId !== header.placeId) return this.#wrong(`is a head of the place ${head.placeId}`);
    const fault = this.#keys?.faultOf(head) ?? null;
    if (fault !== null) return this.#wrong(`holds a head that ${fault}`);
    if (head.sequence !== this.#sequence) return this.#wrong(`holds the head of the sequence ${head.sequence} behind ${this.#sequence}`);
    if (head.hash !== this.#hash) return this.#rewritten(`the head of ${timeOf(head)} in this line`);
    if (head.firstSequence === header.firstSequence && head.before !== header.before)
      return this.#wrong("holds a head over another beginning than the first line says");
    this.#head = { line: this.#line, head };
    this.#headCount += 1;
    return null;
  }

  #agreesWithKept(): Wrong | null {
    for (const { from, head } of this.#kept.get(this.#sequence) ?? []) {
      if (head.hash !== this.#hash) return this.#rewritten(`${from} (signed ${timeOf(head)}, epoch ${head.epoch})`);
      this.#keptAgreed += 1;
    }
    return null;
  }

  /** Everything fits together and does not lead to what was signed. */
  #rewritten(signed: string): Wrong {
    const since = this.#head === null ? "from the first line on" : `between line ${this.#head.line} and here`;
    return this.#wrong(`ends what does not lead to the hash of ${signed}: events ${since} were changed, and their hashes with them`);
  }

  #atEnd(): Wrong | null {
    const header = this.#header;
    if (header === null) return { line: 1, sequence: null, what: "is missing: the file is empty" };
    if (this.#sequence < header.through || this.#head?.line !== this.#line)
      return {
        line: this.#line + 1,
        sequence: Math.min(this.#sequence + 1, header.through),
        what: `is missing: the file was cut, or its making was; its first line says that it goes to the sequence ${header.through} and the head of that`,
      };
    const { head } = this.#head;
    if (head.sequence !== header.through)
      return { line: 1, sequence: null, what: `says that the file goes to ${header.through}, and it goes to ${head.sequence}` };
    if (head.firstSequence !== header.firstSequence || head.before !== header.before)
      return {
        line: 1,
        sequence: null,
        what: `begins with ${header.firstSequence}, and its last head vouches for events from ${head.firstSequence} on`,
      };
    const beyond = this.#trusted.kept.find((each) => each.head.sequence > head.sequence);
    if (beyond === undefined) return null;
    const what = `is missing: ${beyond.from} is of the sequence ${beyond.head.sequence} (signed ${timeOf(beyond.head)}, epoch ${beyond.head.epoch}), and the file ends with ${head.sequence} (epoch ${head.epoch})`;
    return { line: this.#line + 1, sequence: head.sequence + 1, what };
  }

  #wrong(what: string): Wrong {
    return { line: this.#line, sequence: this.#header === null ? null : this.#sequence + 1, what };
  }
}

function runOf(from: number, to: number): string {
  return from === to ? `${from} is` : `${from} to ${to} are`;
}

function timeOf({ at }: LedgerHead): string {
  return new Date(at).toISOString();
}
