/**
 * The wire form of Protocol Buffers as far as an ONNX model needs it: varints, length-delimited fields and packed floats
 * (https://protobuf.dev/programming-guides/encoding/). Written once, front to back.
 */
export class ProtoWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  /** A whole number from 0 on. */
  int(field: number, value: number): this {
    this.#push(varint(field * 8));
    this.#push(varint(value));
    return this;
  }

  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    this.#push(varint(field * 8 + 5));
    this.#push(bytes);
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  bytes(field: number, value: Uint8Array): this {
    this.#push(varint(field * 8 + 2));
    this.#push(varint(value.length));
    this.#push(value);
    return this;
  }

  message(field: number, value: ProtoWriter): this {
    return this.bytes(field, value.finish());
  }

  finish(): Uint8Array {
    const whole = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  #push(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#length += bytes.length;
  }
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
