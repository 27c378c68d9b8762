import { readFile, stat } from "node:fs/promises";
import { EXIT, failure } from "../failure.ts";
import { fileLines } from "../ledger/file-lines.ts";
import { HeadKeys } from "../ledger/head-keys.ts";
import { keptHeadIn } from "../ledger/ledger-file.ts";
import { type KeptHead, LedgerVerifier, type Proven, type Verdict, type Wrong } from "../ledger/ledger-verifier.ts";
import type { Output } from "../output.ts";
import { count } from "./import-progress.ts";

export interface VerifyOptions {
  readonly file: string;
  readonly key?: readonly string[];
  readonly heads?: string;
  readonly json?: boolean;
}

/** Judges a file that `postern ledger export` made, with nothing else at hand. */
export async function verifyLedger({ file, key: keyTexts = [], heads, json = false }: VerifyOptions, output: Output): Promise<number> {
  await refuseMissing(file);
  const keys = keyTexts.length === 0 ? null : new HeadKeys(keyTexts);
  const kept = heads === undefined ? [] : await keptHeads(heads);
  const verdict = await verdictOf(file, new LedgerVerifier({ keys, keysOf: (publicKey) => new HeadKeys([publicKey]), kept }));
  if (json) output.json(verdict.ok ? { whole: true, isKeyPinned: keys !== null, ...verdict.proven } : { whole: false, ...verdict.wrong });
  else if (verdict.ok) tellProven(verdict.proven, { isPinned: keys !== null, keptCount: kept.length }, output);
  else output.line(`${output.paint.bad("WRONG")}  ${wrongText(verdict.wrong)}.`);
  return verdict.ok ? EXIT.done : EXIT.failed;
}

async function refuseMissing(file: string): Promise<void> {
  const found = await stat(file).catch(() => null);
  if (found?.isFile() !== true) throw failure("file_missing", `There is no file ${file}.`);
}

async function keptHeads(path: string): Promise<readonly KeptHead[]> {
  await refuseMissing(path);
  const lines = (await readFile(path, "utf8")).split("\n");
  return lines.flatMap((text, index): KeptHead[] => {
    if (text.trim() === "") return [];
    const head = keptHeadIn(text);
    if (head === null) throw failure("argument_invalid", `Line ${index + 1} of ${path} holds no head.`);
    return [{ from: `the head in line ${index + 1} of ${path}`, head }];
  });
}

async function verdictOf(file: string, verifier: LedgerVerifier): Promise<Verdict> {
  for await (const bytes of fileLines(file)) {
    const wrong = verifier.read(bytes);
    if (wrong !== null) return { ok: false, wrong };
  }
  return verifier.end();
}

function wrongText({ line, sequence, what }: Wrong): string {
  return sequence === null ? `Line ${line} ${what}` : `Line ${line}, at the sequence ${sequence}, ${what}`;
}

function tellProven(
  proven: Proven,
  { isPinned, keptCount }: { readonly isPinned: boolean; readonly keptCount: number },
  output: Output,
): void {
  const { placeId, firstSequence, sequence, eventCount, headCount, signedAt, keyId, keptAgreed, keptTooOld } = proven;
  const time = new Date(signedAt).toISOString();
  const range = eventCount === 0 ? "" : `, sequences ${firstSequence} to ${sequence}`;
  output.line(
    `${output.paint.good("WHOLE")}  place ${placeId}: ${count(eventCount)} events${range}, as they were when the last head was signed, ${time} (heads: ${headCount}).`,
  );
  if (firstSequence > 1)
    output.line(`Nothing is said of events before ${firstSequence}: they are no longer kept, or were recorded before there was a chain.`);
  if (keptCount > 0)
    output.line(
      `Heads that you keep: ${keptCount}, in agreement: ${keptAgreed}${keptTooOld === 0 ? "" : `, of events that are no longer kept: ${keptTooOld}`}.`,
    );
  output.line(
    isPinned
      ? `Signed by the key that you gave (${keyId}).`
      : `The key ${keyId} comes from the file itself: give --key, as you noted it down before, to know whose it is.`,
  );
}
