import { VENDOR_DETAIL_BYTES_MAX, VENDOR_MESSAGE_LENGTH_MAX } from "./limits.ts";

type Detail = Record<string, string | number | boolean>;

/** As an event's detail may hold them. */
const KEY_LENGTH_MAX = 32;
const TEXT_LENGTH_MAX = 128;

const encoder = new TextEncoder();

/** The entries of a vendor's trace that fit into an event, in their order; a long text is cut. A trace must never make of an event a stub. */
export function fitDetail(detail: Readonly<Detail>): Detail {
  const fitted: Detail = {};
  for (const [key, value] of Object.entries(detail)) {
    if (key.length > KEY_LENGTH_MAX || (typeof value === "number" && !Number.isFinite(value))) continue;
    const longer = { ...fitted, [key]: typeof value === "string" ? cut(value, TEXT_LENGTH_MAX) : value };
    if (encoder.encode(JSON.stringify(longer)).length <= VENDOR_DETAIL_BYTES_MAX) fitted[key] = longer[key] ?? value;
  }
  return fitted;
}

/** What of a message a device can show. */
export function fitMessage(message: string): string {
  return cut(message, VENDOR_MESSAGE_LENGTH_MAX);
}

/** Never in the middle of a character. */
function cut(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  const end = text.slice(0, lengthMax);
  return /[\uD800-\uDBFF]$/.test(end) ? end.slice(0, -1) : end;
}
