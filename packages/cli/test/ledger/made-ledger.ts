import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { eventLine, type HeadFacts, headText, type LedgerHead } from "@postern/contract";
import { chainHash, chainOrigin } from "@postern/core";
import { HeadKeys } from "../../src/ledger/head-keys.ts";
import { eventFileLine, headerLine, headFileLine } from "../../src/ledger/ledger-file.ts";
import { type KeptHead, LedgerVerifier, type Verdict } from "../../src/ledger/ledger-verifier.ts";

export const PLACE_ID = 178;

export interface Signer {
  readonly publicKey: string;
  readonly keyId: string;
  readonly privateKey: KeyObject;
}

export function newSigner(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const { x = "" } = publicKey.export({ format: "jwk" });
  return { privateKey, publicKey: x, keyId: createHash("sha256").update(Buffer.from(x, "base64url")).digest("hex").slice(0, 16) };
}

export function signed({ privateKey, keyId }: Signer, facts: HeadFacts): LedgerHead {
  return { ...facts, keyId, signature: sign(null, Buffer.from(headText(facts)), privateKey).toString("base64url") };
}

export interface MadeLedger {
  readonly signer: Signer;
  /** As they stand in a file, without their ends. */
  readonly lines: readonly string[];
  /** Sequence → a head of it, were it signed. */
  headAt(sequence: number, more?: Partial<HeadFacts>): LedgerHead;
}

interface Shape {
  readonly first?: number;
  readonly count?: number;
  /** A head stands behind each event whose sequence this divides. */
  readonly headEvery?: number;
  readonly signer?: Signer;
  /** What is another event than it was. */
  readonly changed?: number;
}

/** A ledger as `postern ledger export` writes it. */
export function madeLedger({ first = 1, count = 30, headEvery = 10, signer = newSigner(), changed }: Shape = {}): MadeLedger {
  const through = first + count - 1;
  const before = first === 1 ? chainOrigin(PLACE_ID, 1) : createHash("sha256").update("what was dropped").digest("hex");
  const hashes = new Map([[first - 1, before]]);
  const headAt = (sequence: number, more: Partial<HeadFacts> = {}): LedgerHead =>
    signed(signer, {
      ...{ placeId: PLACE_ID, epoch: "epoch-1", firstSequence: first, before, sequence, hash: hashes.get(sequence) ?? "" },
      ...{ at: Date.UTC(2026, 10, 28) + sequence, ...more },
    });
  const lines = [headerLine({ placeId: PLACE_ID, firstSequence: first, before, through, publicKey: signer.publicKey, madeAt: 1 })];
  for (let sequence = first; sequence <= through; sequence += 1) {
    const nobody = { deviceId: 0, doorId: 234, userId: sequence === changed ? 9 : 7, authId: null, eventType: 1, generation: 1 };
    const line = eventLine({ ...nobody, sequence, eventAt: sequence, receivedAt: sequence, localLogId: sequence, detail: { by: "ä" } });
    const hash = chainHash(hashes.get(sequence - 1) ?? "", line);
    hashes.set(sequence, hash);
    lines.push(eventFileLine(hash, line));
    if (sequence % headEvery === 0 && sequence < through) lines.push(headFileLine(headAt(sequence)));
  }
  lines.push(headFileLine(headAt(through)));
  return { signer, headAt, lines: lines.map((line) => line.trimEnd()) };
}

/** Judges lines, which may be no text at all. */
export function judged(
  lines: readonly (string | Buffer)[],
  { publicKey, kept = [] }: { readonly publicKey: string | null; readonly kept?: readonly LedgerHead[] },
): Verdict {
  const heads: KeptHead[] = kept.map((head, index) => ({ from: `kept head ${index + 1}`, head }));
  const keys = publicKey === null ? null : new HeadKeys([publicKey]);
  const verifier = new LedgerVerifier({ keys, keysOf: (text) => new HeadKeys([text]), kept: heads });
  for (const line of lines) {
    const wrong = verifier.read(Buffer.from(line));
    if (wrong !== null) return { ok: false, wrong };
  }
  return verifier.end();
}
