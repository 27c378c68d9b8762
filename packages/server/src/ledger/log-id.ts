import { assert } from "@postern/core";

/** Where an event stands: the place and its sequence there. Sequence 0 stands before the first event. */
export interface LedgerPosition {
  readonly placeId: number;
  readonly sequence: number;
}

/** Fifteen bytes: the form, seven of the place, seven of the sequence. They are twenty characters of base64url without padding. */
const FORM = 1;
const NUMBER_BYTES = 7;
const LOG_ID = /^[A-Za-z0-9_-]{20}$/;

/** CLUe's `logId` of the event at a position: 20 URL-safe characters, as CLUe's own, and like those without a meaning to clients. */
export function encodeLogId({ placeId, sequence }: LedgerPosition): string {
  const bytes = Buffer.alloc(1 + 2 * NUMBER_BYTES);
  bytes.writeUInt8(FORM, 0);
  writeNumber(bytes, 1, placeId);
  writeNumber(bytes, 1 + NUMBER_BYTES, sequence);
  return bytes.toString("base64url");
}

/** The position that a `logId` names, or null for a text that `encodeLogId` has never given. */
export function decodeLogId(text: string): LedgerPosition | null {
  if (!LOG_ID.test(text)) return null;
  const bytes = Buffer.from(text, "base64url");
  const placeId = readNumber(bytes, 1);
  const sequence = readNumber(bytes, 1 + NUMBER_BYTES);
  return bytes.readUInt8(0) === FORM && placeId !== null && sequence !== null ? { placeId, sequence } : null;
}

/** Numbers are exact below 2^53: one byte and six more, the widest that a Buffer reads and writes at once. */
function writeNumber(bytes: Buffer, offset: number, value: number): void {
  assert(Number.isSafeInteger(value) && value >= 0, "ids and sequences are whole numbers");
  bytes.writeUInt8(Math.floor(value / 2 ** 48), offset);
  bytes.writeUIntBE(value % 2 ** 48, offset + 1, 6);
}

function readNumber(bytes: Buffer, offset: number): number | null {
  const value = bytes.readUInt8(offset) * 2 ** 48 + bytes.readUIntBE(offset + 1, 6);
  return Number.isSafeInteger(value) ? value : null;
}
