/** How far a stream is in each of its places: a place that is not among them is read from its beginning. */
export type StreamPosition = ReadonlyMap<number, number>;

const FORM = 1;

/**
 * A cursor over many places: the form, then each place in ascending order as its distance from the one before, and its sequence, both in base 128 (as
 * LEB128 has it). Opaque to clients.
 */
export function encodeStreamCursor(position: StreamPosition): string {
  const bytes = [FORM];
  let before = 0;
  for (const [placeId, sequence] of [...position].sort(([one], [other]) => one - other)) {
    pushNumber(bytes, placeId - before);
    pushNumber(bytes, sequence);
    before = placeId;
  }
  return Buffer.from(bytes).toString("base64url");
}

/** null for a text that `encodeStreamCursor` has never given. */
export function decodeStreamCursor(text: string): StreamPosition | null {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return null;
  const bytes = Buffer.from(text, "base64url");
  if (bytes[0] !== FORM) return null;
  const position = new Map<number, number>();
  let [at, placeId] = [1, 0];
  while (at < bytes.length) {
    const distance = readNumber(bytes, at);
    const sequence = distance === null ? null : readNumber(bytes, distance.next);
    if (distance === null || sequence === null || distance.value === 0) return null;
    placeId += distance.value;
    position.set(placeId, sequence.value);
    at = sequence.next;
  }
  return encodeStreamCursor(position) === text ? position : null;
}

function pushNumber(bytes: number[], value: number): void {
  let left = value;
  while (left >= 128) {
    bytes.push((left % 128) + 128);
    left = Math.floor(left / 128);
  }
  bytes.push(left);
}

function readNumber(bytes: Buffer, from: number): { readonly value: number; readonly next: number } | null {
  let [value, scale] = [0, 1];
  for (let at = from; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    value += (byte % 128) * scale;
    if (!Number.isSafeInteger(value)) return null;
    if (byte < 128) return { value, next: at + 1 };
    scale *= 128;
  }
  return null;
}
