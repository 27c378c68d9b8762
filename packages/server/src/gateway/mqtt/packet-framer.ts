/** Cuts a stream of bytes into MQTT packets by their fixed headers, and never holds more than one packet that is allowed. */

export type Framed =
  | { readonly kind: "packet"; readonly bytes: Buffer }
  | { readonly kind: "incomplete" }
  | { readonly kind: "too_large" }
  | { readonly kind: "malformed" };

const INCOMPLETE: Framed = { kind: "incomplete" };
const TOO_LARGE: Framed = { kind: "too_large" };
const MALFORMED: Framed = { kind: "malformed" };
const NOTHING = Buffer.alloc(0);

/** Bytes of the remaining length field (MQTT 3.1.1 §2.2.3). */
const LENGTH_BYTES_MAX = 4;

/**
 * mqtt-packet's own parser buffers whatever a fixed header announces, and reads past a short packet into the next one. So it is given
 * whole packets, one by one, and the announced length is judged here, from the header alone.
 */
export class PacketFramer {
  #bytes: Buffer = NOTHING;
  #start = 0;
  #end = 0;
  /** False while `#bytes` is what the socket gave us: that may be a small part of a large allocation, and must not be written to. */
  #isOwned = false;

  push(chunk: Buffer): void {
    if (this.#start === this.#end) {
      this.#bytes = chunk;
      this.#start = 0;
      this.#end = chunk.length;
      this.#isOwned = false;
      return;
    }
    if (!this.#isOwned || this.#end + chunk.length > this.#bytes.length) this.#grow(chunk.length);
    this.#end += chunk.copy(this.#bytes, this.#end);
  }

  /** The next packet whole, fixed header included; it stays valid. `packetBytesMax` counts the header too. */
  next(packetBytesMax: number): Framed {
    const held = this.#end - this.#start;
    let length = 0;
    for (let index = 1; index <= LENGTH_BYTES_MAX; index += 1) {
      if (index >= held) return this.#incomplete();
      const digit = this.#bytes[this.#start + index] ?? 0;
      length += (digit & 0x7f) * 0x80 ** (index - 1);
      if ((digit & 0x80) !== 0) continue;
      const total = 1 + index + length;
      if (total > packetBytesMax) return TOO_LARGE;
      if (total > held) return this.#incomplete();
      return { kind: "packet", bytes: this.#take(total) };
    }
    return MALFORMED;
  }

  #take(byteCount: number): Buffer {
    const packet = this.#bytes.subarray(this.#start, this.#start + byteCount);
    this.#start += byteCount;
    if (this.#start === this.#end) this.drop();
    return packet;
  }

  /** Forgets everything held. */
  drop(): void {
    this.#bytes = NOTHING;
    this.#start = 0;
    this.#end = 0;
    this.#isOwned = false;
  }

  /** What remains of a read is copied out, so that some bytes on an idle connection do not keep 64 KiB alive. */
  #incomplete(): Framed {
    if (!this.#isOwned && this.#end > this.#start) this.#grow(0);
    return INCOMPLETE;
  }

  /** Doubles, so that a packet that comes byte by byte is copied twice and not once a byte. */
  #grow(roomBytes: number): void {
    const held = this.#end - this.#start;
    const grown = Buffer.allocUnsafeSlow(Math.max(held + roomBytes, roomBytes === 0 ? held : 2 * held));
    this.#bytes.copy(grown, 0, this.#start, this.#end);
    this.#bytes = grown;
    this.#start = 0;
    this.#end = held;
    this.#isOwned = true;
  }
}
