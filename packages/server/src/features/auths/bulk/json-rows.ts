import { IMPORT_ROW_BYTES_MAX } from "@postern/contract";
import { readJson } from "../../../platform/http/json-text.ts";
import { type RawRow, unreadable } from "./raw-row.ts";

const LINE_FEED = 0x0a;

/** Rows of NDJSON: a JSON object a line, empty lines left out. A line that is no JSON or too long is a row that cannot be read; the next one is. */
export async function* jsonRows(chunks: AsyncIterable<Buffer>): AsyncGenerator<RawRow, void, undefined> {
  for await (const line of linesOf(chunks)) {
    const row = line === null ? tooLong() : rowOf(line);
    if (row !== null) yield row;
  }
}

function tooLong(): RawRow {
  return unreadable("", "row", `must have at most ${IMPORT_ROW_BYTES_MAX} bytes`);
}

function rowOf(line: Buffer): RawRow | null {
  const text = textOf(line);
  if (text === null) return unreadable(line.toString("latin1"), "row", "must be valid UTF-8");
  if (text.trim() === "") return null;
  const json = readJson(text);
  return json.kind === "value" ? { kind: "value", text, value: json.value } : unreadable(text, "row", "must be a JSON object on one line");
}

function textOf(bytes: Buffer): string | null {
  try {
    // A mark at the beginning of the file goes with its first line.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Lines without their ends; null for one that is too long, of which nothing is kept. */
async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer | null, void, undefined> {
  let begun: Buffer[] = [];
  let length = 0;
  const add = (part: Buffer): void => {
    length += part.length;
    if (length <= IMPORT_ROW_BYTES_MAX) begun.push(part);
    else begun = [];
  };
  const end = (): Buffer | null => {
    const line = length > IMPORT_ROW_BYTES_MAX ? null : Buffer.concat(begun);
    [begun, length] = [[], 0];
    return line;
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, from)) {
      add(chunk.subarray(from, at));
      yield end();
      from = at + 1;
    }
    add(chunk.subarray(from));
  }
  if (length > 0) yield end();
}
