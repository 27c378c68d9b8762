import { LedgerHead } from "@postern/contract";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";

/** Raised when an older `verify` could not judge a file any more. */
const LEDGER_FORMAT = 1;

const Hash = Type.String({ pattern: "^[0-9a-f]{64}$" });
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** What the first line says. */
const LedgerHeader = Type.Object({
  format: Type.Literal(LEDGER_FORMAT),
  placeId: Count,
  firstSequence: Count,
  before: Hash,
  /** Of the last event that the file has when it is whole. */
  through: Count,
  /** Of the server that told it, which proves nothing about that server. */
  publicKey: Type.String(),
  madeAt: Count,
});
export type LedgerHeader = Static<typeof LedgerHeader>;

const headerSchema = Compile(Type.Object({ ledger: LedgerHeader }));
const headSchema = Compile(Type.Object({ head: LedgerHead }));
const bareHeadSchema = Compile(LedgerHead);

/** One line of a file, without its end. */
export type FileLine =
  | { readonly kind: "header"; readonly header: LedgerHeader }
  | { readonly kind: "event"; readonly sequence: number; readonly hash: string; readonly bytes: Uint8Array }
  | { readonly kind: "head"; readonly head: LedgerHead }
  | { readonly kind: "nothing" };

export function headerLine(header: Omit<LedgerHeader, "format">): string {
  return `${JSON.stringify({ ledger: { format: LEDGER_FORMAT, ...header } })}\n`;
}

/** The event stands in its line byte for byte as it was hashed: from the 83rd byte to the last but one. */
export function eventFileLine(hash: string, event: string): string {
  return `{"hash":"${hash}","event":${event}}\n`;
}

export function headFileLine(head: LedgerHead): string {
  return `${JSON.stringify({ head })}\n`;
}

const EVENT_BEGINS = 83;
const EVENT_LINE = /^\{"hash":"([0-9a-f]{64})","event":\{"sequence":(\d{1,16}),/;

/** What a line is; an event's own text is not judged but by its hash. */
export function readFileLine(bytes: Buffer): FileLine {
  const event = EVENT_LINE.exec(bytes.subarray(0, EVENT_BEGINS + 32).toString("latin1"));
  if (event !== null && bytes.at(-1) === CLOSING)
    return { kind: "event", sequence: Number(event[2]), hash: event[1] ?? "", bytes: bytes.subarray(EVENT_BEGINS, -1) };
  const value = parsed(bytes);
  // Written anew it is the same: a line has one text alone.
  if (value === undefined || !Buffer.from(JSON.stringify(value)).equals(bytes)) return { kind: "nothing" };
  if (headerSchema.Check(value)) return { kind: "header", header: value.ledger };
  if (headSchema.Check(value)) return { kind: "head", head: value.head };
  return { kind: "nothing" };
}

const CLOSING = 0x7d;

/** A head that somebody has kept: by itself, in a line of a file, or in a webhook's message. */
export function keptHeadIn(text: string): LedgerHead | null {
  const value = parsed(Buffer.from(text));
  const data = member(value, "data");
  for (const found of [value, member(value, "head"), member(data, "head")]) if (bareHeadSchema.Check(found)) return found;
  return null;
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}
