import type { Import } from "@postern/contract";
import { machineMs } from "../machine-time.ts";
import type { ApiAddress } from "./people-client.ts";

export interface RowsSent {
  readonly elapsedMs: number;
  readonly result: Import;
}

/** Rows of people with a card each, as NDJSON in pieces, in one call. The same `first` makes the same rows. */
export async function importRows({ baseUrl, key }: ApiAddress, first: number, count: number): Promise<RowsSent> {
  const startMs = machineMs();
  const init: RequestInit & { readonly duplex: "half" } = {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/x-ndjson" },
    body: ReadableStream.from(pieces(first, count)),
    duplex: "half",
  };
  const answer = await fetch(`${baseUrl}/v2/places/178/auths:bulk`, init);
  if (answer.status !== 200) throw new TypeError(`auths:bulk answered ${answer.status}: ${await answer.text()}`);
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: what the call answers.
  return { elapsedMs: machineMs() - startMs, result: (await answer.json()) as Import };
}

const ROWS_A_PIECE = 200;

async function* pieces(first: number, count: number): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for (let from = 0; from < count; from += ROWS_A_PIECE) {
    const rows = Array.from({ length: Math.min(ROWS_A_PIECE, count - from) }, (_, index) => row(first + from + index));
    yield encoder.encode(rows.join(""));
  }
}

function row(number: number): string {
  const cards = [{ cardNumber: String(number + 1), formatType: "CSN" }];
  const right = { startAt: 1_000, endAt: 2_000_000_000_000, doors: "all", credentials: { cards } };
  return `${JSON.stringify({ userKey: `row-${number}`, name: `Row ${number}`, ...right })}\n`;
}
