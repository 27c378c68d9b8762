import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { faceError } from "../face-errors.ts";
import type { Tensor } from "./onnx-graph.ts";

const Manifest = Type.Array(
  Type.Object({
    weights: Type.Array(
      Type.Object({
        name: Type.String(),
        shape: Type.Array(Type.Integer({ minimum: 1 })),
        quantization: Type.Optional(Type.Object({ dtype: Type.Literal("uint8"), scale: Type.Number(), min: Type.Number() })),
      }),
    ),
  }),
  { minItems: 1 },
);
const manifest = Compile(Manifest);

/** The weights of a TensorFlow.js model by name: each one byte a number, with a scale and a smallest value a tensor. */
export class WeightFile {
  readonly #tensors = new Map<string, Tensor>();

  constructor(manifestText: string, bytes: Uint8Array) {
    const groups: unknown = JSON.parse(manifestText);
    if (!manifest.Check(groups)) throw faceError("pack_unusable", { context: { because: "manifest" } });
    let offset = 0;
    for (const entry of groups.flatMap((group: Static<typeof Manifest>[number]) => group.weights)) {
      const length = entry.shape.reduce((product, size) => product * size, 1);
      const { quantization } = entry;
      const data =
        quantization === undefined ? floats(bytes, offset, length) : dequantized(bytes.subarray(offset, offset + length), quantization);
      offset += quantization === undefined ? length * 4 : length;
      this.#tensors.set(entry.name, { shape: entry.shape, data });
    }
    if (offset !== bytes.length) throw faceError("pack_unusable", { context: { because: "length", offset, length: bytes.length } });
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  get(name: string): Tensor {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) throw faceError("pack_unusable", { context: { because: "missing", name } });
    return tensor;
  }

  /** From [height, width, in, out] to ONNX's [out, in, height, width]. */
  filters(name: string): Tensor {
    const { shape, data } = this.get(name);
    const [height = 1, width = 1, countIn = 1, countOut = 1] = shape;
    const turned = new Float32Array(data.length);
    const area = height * width;
    for (let at = 0; at < area; at += 1)
      for (let from = 0; from < countIn; from += 1)
        for (let to = 0; to < countOut; to += 1)
          turned[(to * countIn + from) * area + at] = data[(at * countIn + from) * countOut + to] ?? Number.NaN;
    return { shape: [countOut, countIn, height, width], data: turned };
  }

  /** From [height, width, in, 1] to one filter a channel: [in, 1, height, width]. */
  depthwise(name: string): Tensor {
    const { shape, data } = this.get(name);
    const [height = 1, width = 1, countIn = 1] = shape;
    const turned = new Float32Array(data.length);
    const area = height * width;
    for (let at = 0; at < area; at += 1)
      for (let channel = 0; channel < countIn; channel += 1) turned[channel * area + at] = data[at * countIn + channel] ?? Number.NaN;
    return { shape: [countIn, 1, height, width], data: turned };
  }
}

function floats(bytes: Uint8Array, offset: number, length: number): Float32Array {
  // Copied into memory of its own: four bytes must begin at a multiple of four.
  return new Float32Array(Uint8Array.from(bytes.subarray(offset, offset + length * 4)).buffer);
}

function dequantized(bytes: Uint8Array, { scale, min }: { readonly scale: number; readonly min: number }): Float32Array {
  return Float32Array.from(bytes, (value) => value * scale + min);
}
