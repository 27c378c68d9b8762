import { OnnxGraph, type Tensor, type Value } from "./onnx-graph.ts";
import type { WeightFile } from "./weight-file.ts";

/** Mean colours of the training sets, RGB from 0 to 255, as the networks expect them taken away. */
const DETECTOR_MEAN = [117.001, 114.697, 97.404] as const;
const DLIB_MEAN = [122.782, 117.001, 104.298] as const;
const LEAK = 0.1;

class Net {
  readonly graph: OnnxGraph;
  readonly #weights: WeightFile;

  constructor(name: string, weights: WeightFile) {
    this.graph = new OnnxGraph(name);
    this.#weights = weights;
  }

  /** Takes the mean colour away and divides. */
  normalized(image: Value, mean: readonly number[], divisor: number): Value {
    const centred = this.graph.op("Sub", [image, this.graph.constant({ shape: [1, 3, 1, 1], data: Float32Array.from(mean) })]);
    return this.graph.op("Div", [centred, this.graph.constant({ shape: [1], data: Float32Array.of(divisor) })]);
  }

  /** A convolution with its bias; `affine` scales and shifts each channel after it, and is folded into it. */
  conv(input: Value, { filters, bias, affine, stride = 1, same = false }: ConvSpec): Value {
    const folded = fold(this.#weights.filters(filters), this.#weights.get(bias), affine === undefined ? null : this.#affine(affine));
    const [, , height = 1, width = 1] = folded.filters.shape;
    const constants = [this.graph.constant(folded.filters), this.graph.constant(folded.bias)];
    return this.graph.op("Conv", [input, ...constants], {
      kernel_shape: [height, width],
      strides: [stride, stride],
      ...(same ? { auto_pad: "SAME_UPPER" } : { pads: [0, 0, 0, 0] }),
    });
  }

  /** Each channel by itself, then all of them at each point. */
  separable(input: Value, prefix: string, stride = 1): Value {
    const depthwise = this.#weights.depthwise(`${prefix}/depthwise_filter`);
    const spread = this.graph.op("Conv", [input, this.graph.constant(depthwise)], {
      kernel_shape: [3, 3],
      strides: [stride, stride],
      auto_pad: "SAME_UPPER",
      group: depthwise.shape[0] ?? 1,
    });
    return this.conv(spread, { filters: `${prefix}/pointwise_filter`, bias: `${prefix}/bias` });
  }

  pool(input: Value, size: number, stride: number, padding: "same" | "valid" = "same"): Value {
    const pads = padding === "same" ? { auto_pad: "SAME_UPPER" } : { pads: [0, 0, 0, 0] };
    return this.graph.op("MaxPool", [input], { kernel_shape: [size, size], strides: [stride, stride], ...pads });
  }

  averagePool(input: Value, size: number, stride: number): Value {
    return this.graph.op("AveragePool", [input], { kernel_shape: [size, size], strides: [stride, stride], pads: [0, 0, 0, 0] });
  }

  sum(...values: readonly Value[]): Value {
    return this.graph.op("Sum", values);
  }

  relu(input: Value): Value {
    return this.graph.op("Relu", [input]);
  }

  leaky(input: Value): Value {
    return this.graph.op("LeakyRelu", [input], { alpha: { float: LEAK } });
  }

  weights(name: string): Value {
    return this.graph.constant(this.#weights.get(name));
  }

  #affine(prefix: string): Affine {
    return { weights: this.#weights.get(`${prefix}/weights`).data, biases: this.#weights.get(`${prefix}/biases`).data };
  }
}

interface ConvSpec {
  readonly filters: string;
  readonly bias: string;
  readonly affine?: string;
  readonly stride?: number;
  readonly same?: boolean;
}

interface Affine {
  readonly weights: Float32Array;
  readonly biases: Float32Array;
}

function fold(filters: Tensor, bias: Tensor, affine: Affine | null): { readonly filters: Tensor; readonly bias: Tensor } {
  if (affine === null) return { filters, bias };
  const [countOut = 1] = filters.shape;
  const perFilter = filters.data.length / countOut;
  const scaleOf = (channel: number): number => affine.weights[channel] ?? Number.NaN;
  return {
    filters: { shape: filters.shape, data: filters.data.map((value, index) => value * scaleOf(Math.floor(index / perFilter))) },
    bias: { shape: bias.shape, data: bias.data.map((value, channel) => value * scaleOf(channel) + (affine.biases[channel] ?? Number.NaN)) },
  };
}

/** Finds faces: for each cell of a grid of 32 pixels five boxes of four numbers and a score ([1, 25, rows, columns]). */
export function detectorNet(weights: WeightFile): Uint8Array {
  const net = new Net("tiny_face_detector", weights);
  const image = net.graph.input("image", [1, 3, "height", "width"]);
  const first = net.conv(net.normalized(image, DETECTOR_MEAN, 255), { filters: "conv0/filters", bias: "conv0/bias" });
  let value = net.pool(net.leaky(first), 2, 2);
  for (const layer of [1, 2, 3, 4]) value = net.pool(net.leaky(net.separable(value, `conv${layer}`)), 2, 2);
  value = net.pool(net.leaky(net.separable(value, "conv5")), 2, 1);
  for (const layer of [6, 7]) value = hasLayer(weights, layer) ? net.leaky(net.separable(value, `conv${layer}`)) : value;
  const boxes = net.conv(value, { filters: "conv8/filters", bias: "conv8/bias" });
  net.graph.output(boxes, [1, 25, "rows", "columns"]);
  return net.graph.finish();
}

function hasLayer(weights: WeightFile, layer: number): boolean {
  return weights.has(`conv${layer}/bias`);
}

/** Sixty-eight points of a face in a square of 112 pixels, from 0 to 1 ([1, 136], x and y in turn). */
export function landmarksNet(weights: WeightFile): Uint8Array {
  const net = new Net("face_landmark_68", weights);
  const image = net.graph.input("image", [1, 3, 112, 112]);
  let value = net.normalized(image, DLIB_MEAN, 255);
  for (const block of [0, 1, 2, 3]) value = denseBlock(net, value, block);
  const flat = net.graph.op("Flatten", [net.averagePool(value, 7, 2)], { axis: 1 });
  const points = net.graph.op("Add", [net.graph.op("MatMul", [flat, net.weights("fc/weights")]), net.weights("fc/bias")]);
  net.graph.output(points, [1, 136]);
  return net.graph.finish();
}

function denseBlock(net: Net, input: Value, block: number): Value {
  const prefix = `dense${block}`;
  const begin =
    block === 0
      ? net.conv(input, { filters: `${prefix}/conv0/filters`, bias: `${prefix}/conv0/bias`, stride: 2, same: true })
      : net.separable(input, `${prefix}/conv0`, 2);
  const outputs = [net.relu(begin)];
  for (const layer of [1, 2, 3]) {
    const before = outputs.length === 1 ? outputs[0] : net.relu(net.sum(...outputs));
    outputs.push(net.separable(before ?? begin, `${prefix}/conv${layer}`));
  }
  return net.relu(net.sum(...outputs));
}

/** dlib's ResNet: 128 numbers for an aligned face of 150 pixels; two pictures of one person lie closer than two of different people. */
export function embedderNet(weights: WeightFile): Uint8Array {
  const net = new Net("dlib_resnet", weights);
  const image = net.graph.input("image", [1, 3, 150, 150]);
  const first = residualConv(net, net.normalized(image, DLIB_MEAN, 256), { prefix: "conv32_down", stride: 2, same: false });
  let value = net.pool(net.relu(first), 3, 2, "valid");
  let size = 35;
  for (const { name, isDown, widens } of RESIDUALS) {
    if (!isDown) {
      value = residual(net, value, name);
      continue;
    }
    value = residualDown(net, value, { name, widens, size });
    size = Math.floor(size / 2);
  }
  const mean = net.graph.op("Flatten", [net.graph.op("GlobalAveragePool", [value])], { axis: 1 });
  net.graph.output(net.graph.op("MatMul", [mean, net.weights("fc")]), [1, 128]);
  return net.graph.finish();
}

const RESIDUALS = [
  { name: "conv32_1", isDown: false, widens: false },
  { name: "conv32_2", isDown: false, widens: false },
  { name: "conv32_3", isDown: false, widens: false },
  { name: "conv64_down", isDown: true, widens: true },
  { name: "conv64_1", isDown: false, widens: false },
  { name: "conv64_2", isDown: false, widens: false },
  { name: "conv64_3", isDown: false, widens: false },
  { name: "conv128_down", isDown: true, widens: true },
  { name: "conv128_1", isDown: false, widens: false },
  { name: "conv128_2", isDown: false, widens: false },
  { name: "conv256_down", isDown: true, widens: true },
  { name: "conv256_1", isDown: false, widens: false },
  { name: "conv256_2", isDown: false, widens: false },
  { name: "conv256_down_out", isDown: true, widens: false },
] as const;

function residualConv(net: Net, input: Value, { prefix, stride, same }: { prefix: string; stride: number; same: boolean }): Value {
  return net.conv(input, { filters: `${prefix}/conv/filters`, bias: `${prefix}/conv/bias`, affine: `${prefix}/scale`, stride, same });
}

function residual(net: Net, input: Value, name: string): Value {
  const first = net.relu(residualConv(net, input, { prefix: `${name}/conv1`, stride: 1, same: true }));
  const second = residualConv(net, first, { prefix: `${name}/conv2`, stride: 1, same: true });
  return net.relu(net.sum(second, input));
}

/** Halves the picture. Where the convolution comes out one shorter than the average, a row and a column of zeros make up for it. */
function residualDown(net: Net, input: Value, { name, widens, size }: { name: string; widens: boolean; size: number }): Value {
  const first = net.relu(residualConv(net, input, { prefix: `${name}/conv1`, stride: 2, same: false }));
  let second = residualConv(net, first, { prefix: `${name}/conv2`, stride: 1, same: true });
  if (Math.floor((size - 3) / 2) + 1 < Math.floor(size / 2)) {
    second = net.graph.op("Pad", [second, net.graph.sizes([0, 0, 0, 0, 0, 0, 1, 1])], { mode: "constant" });
  }
  let pooled = net.averagePool(input, 2, 2);
  if (widens) {
    const zeros = net.graph.op("Mul", [pooled, net.graph.constant({ shape: [1], data: Float32Array.of(0) })]);
    pooled = net.graph.op("Concat", [pooled, zeros], { axis: 1 });
  }
  return net.relu(net.sum(pooled, second));
}
