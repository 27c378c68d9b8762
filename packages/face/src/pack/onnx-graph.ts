import { ProtoWriter } from "./proto-writer.ts";

/** A named value in the graph. */
export type Value = string;

/** Numbers with their shape; in a convolution [out, in, height, width]. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

type Attribute = number | readonly number[] | string | { readonly float: number };

const FLOAT = 1;
const INT64 = 7;
const ATTRIBUTE_FLOAT = 1;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_STRING = 3;
const ATTRIBUTE_INTS = 7;
/** ONNX operator set; every operator below has had this form since it. */
const OPSET = 13;
const IR_VERSION = 8;

/** Builds an ONNX model (https://onnx.ai/onnx/repo-docs/IR.html) operator by operator. Field numbers are those of onnx.proto. */
export class OnnxGraph {
  readonly #graph = new ProtoWriter();
  readonly #initializers = new ProtoWriter();
  #count = 0;

  constructor(name: string) {
    this.#graph.text(2, name);
  }

  /** An image, or a batch of one: [1, 3, height, width], RGB from 0 to 255. A text is a dimension that each run chooses. */
  input(name: Value, shape: readonly (number | string)[]): Value {
    this.#graph.message(11, valueInfo(name, shape));
    return name;
  }

  output(value: Value, shape: readonly (number | string)[]): void {
    this.#graph.message(12, valueInfo(value, shape));
  }

  constant({ shape, data }: Tensor): Value {
    const name = this.#name("c");
    const tensor = new ProtoWriter();
    for (const size of shape) tensor.int(1, size);
    tensor
      .int(2, FLOAT)
      .text(8, name)
      .bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    this.#initializers.message(5, tensor);
    return name;
  }

  /** A list of whole numbers, as some operators want their sizes. */
  sizes(values: readonly number[]): Value {
    const name = this.#name("s");
    const bytes = new Uint8Array(new BigInt64Array(values.map(BigInt)).buffer);
    this.#initializers.message(5, new ProtoWriter().int(1, values.length).int(2, INT64).text(8, name).bytes(9, bytes));
    return name;
  }

  /** One operator with one result. */
  op(type: string, inputs: readonly Value[], attributes: Readonly<Record<string, Attribute>> = {}): Value {
    const result = this.#name(type.toLowerCase());
    const node = new ProtoWriter();
    for (const input of inputs) node.text(1, input);
    node.text(2, result).text(3, result).text(4, type);
    for (const [name, value] of Object.entries(attributes)) node.message(5, attribute(name, value));
    this.#graph.message(1, node);
    return result;
  }

  finish(): Uint8Array {
    const graph = concat(this.#graph.finish(), this.#initializers.finish());
    const opset = new ProtoWriter().text(1, "").int(2, OPSET);
    return new ProtoWriter().int(1, IR_VERSION).text(2, "postern").bytes(7, graph).message(8, opset).finish();
  }

  #name(kind: string): string {
    this.#count += 1;
    return `${kind}${this.#count}`;
  }
}

function valueInfo(name: string, shape: readonly (number | string)[]): ProtoWriter {
  const dimensions = new ProtoWriter();
  for (const size of shape) {
    dimensions.message(1, typeof size === "number" ? new ProtoWriter().int(1, size) : new ProtoWriter().text(2, size));
  }
  const tensorType = new ProtoWriter().int(1, FLOAT).message(2, dimensions);
  return new ProtoWriter().text(1, name).message(2, new ProtoWriter().message(1, tensorType));
}

function attribute(name: string, value: Attribute): ProtoWriter {
  const written = new ProtoWriter().text(1, name);
  if (typeof value === "number") return written.int(3, value).int(20, ATTRIBUTE_INT);
  if (typeof value === "string") return written.text(4, value).int(20, ATTRIBUTE_STRING);
  if ("float" in value) return written.float(2, value.float).int(20, ATTRIBUTE_FLOAT);
  for (const each of value) written.int(8, each);
  return written.int(20, ATTRIBUTE_INTS);
}

function concat(left: Uint8Array, right: Uint8Array): Uint8Array {
  const whole = new Uint8Array(left.length + right.length);
  whole.set(left);
  whole.set(right, left.length);
  return whole;
}
