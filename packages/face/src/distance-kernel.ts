import { assert } from "@postern/core";

/**
 * Squared Euclidean distances of one probe to many templates, four numbers at a time, as a WebAssembly module that is written here byte by byte:
 * it is thirty instructions, and a compiler for them would be a dependency.
 */
export type DistanceKernel = (numbersAt: number, count: number, distancesAt: number, rowBytes: number) => void;

/** A row has a multiple of this: four vectors of four numbers of four bytes. */
export const ROW_BYTES_STEP = 64;

const VECTOR_BYTES = 16;
const VECTORS_PER_STEP = ROW_BYTES_STEP / VECTOR_BYTES;

/** The kernel over this memory, which begins with the probe. Addresses are bytes into it; distances are written as 32-bit floats, one a row. */
export function distanceKernel(memory: WebAssembly.Memory): DistanceKernel {
  const { exports } = new WebAssembly.Instance(kernelModule(), { host: { memory } });
  const { distances } = exports;
  assert(distances !== undefined, "the module exports what it was written with");
  return distances;
}

let compiled: WebAssembly.Module | null = null;

function kernelModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(kernelBytes());
  return compiled;
}

const [I32, V128, EMPTY] = [0x7f, 0x7b, 0x40];
// The parameters, then the function's own.
const [NUMBERS, COUNT, DISTANCES, ROW_BYTES, ROW_END, PROBE_AT, DIFFERENCE, SUM] = [0, 1, 2, 3, 4, 5, 6, 7];

const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];
const constant = (value: number): number[] => [0x41, ...signed(value)];
const ADD = [0x6a];
const simd = (...operation: number[]): number[] => [0xfd, ...operation];
const load = (at: number, offset: number): number[] => [...get(at), ...simd(0x00, 0x00, ...unsigned(offset))];
const advance = (local: number, by: number[]): number[] => [...get(local), ...by, ...ADD, ...set(local)];
const [VECTOR_ADD, VECTOR_SUB, VECTOR_MUL] = [simd(0xe4, 0x01), simd(0xe5, 0x01), simd(0xe6, 0x01)];
const F32_ADD = [0x92];

function kernelBytes(): Uint8Array<ArrayBuffer> {
  const text = (word: string): number[] => vector([...word].map((letter) => [letter.charCodeAt(0)]));
  const parts = [
    section(1, vector([[0x60, ...vector(Array.from({ length: 4 }, () => [I32])), 0]])),
    section(2, vector([[...text("host"), ...text("memory"), 0x02, 0x00, 0x01]])),
    section(3, vector([[0]])),
    section(7, vector([[...text("distances"), 0x00, 0x00]])),
    section(
      10,
      vector([
        sized([
          ...vector([
            [2, I32],
            [1 + VECTORS_PER_STEP, V128],
          ]),
          ...body(),
          0x0b,
        ]),
      ]),
    ),
  ];
  return Uint8Array.from([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, ...parts.flat()]);
}

/** For each row, for each step of a row: the differences, squared, into one of four sums; then the sums of the row as its distance. */
function body(): number[] {
  const step = Array.from({ length: VECTORS_PER_STEP }, (_, vectorIndex) => {
    const offset = vectorIndex * VECTOR_BYTES;
    const difference = [...load(NUMBERS, offset), ...load(PROBE_AT, offset), ...VECTOR_SUB, ...set(DIFFERENCE)];
    const square = [...get(DIFFERENCE), ...get(DIFFERENCE), ...VECTOR_MUL];
    return [...difference, ...get(SUM + vectorIndex), ...square, ...VECTOR_ADD, ...set(SUM + vectorIndex)];
  }).flat();
  const zero = [...simd(0x0c), ...Array.from({ length: VECTOR_BYTES }, () => 0)];
  const clear = Array.from({ length: VECTORS_PER_STEP }, (_, vectorIndex) => [...zero, ...set(SUM + vectorIndex)]).flat();
  const row = [
    ...[...get(NUMBERS), ...get(ROW_BYTES), ...ADD, ...set(ROW_END)],
    ...[...constant(0), ...set(PROBE_AT)],
    ...clear,
    ...loop([
      ...step,
      ...advance(NUMBERS, constant(ROW_BYTES_STEP)),
      ...advance(PROBE_AT, constant(ROW_BYTES_STEP)),
      // On while the row has not ended: i32.lt_u.
      ...[...get(NUMBERS), ...get(ROW_END), 0x49],
    ]),
    ...[...get(DISTANCES), ...sumOfLanes(), 0x38, 0x02, 0x00],
    ...advance(DISTANCES, constant(4)),
    ...advance(COUNT, constant(-1)),
    ...get(COUNT),
  ];
  // No row, no distance: i32.eqz leaves the block.
  return [0x02, EMPTY, ...get(COUNT), 0x45, 0x0d, 0, ...loop(row), 0x0b];
}

/** Runs again while what it leaves is not zero. */
function loop(inside: number[]): number[] {
  return [0x03, EMPTY, ...inside, 0x0d, 0, 0x0b];
}

function sumOfLanes(): number[] {
  const all = Array.from({ length: VECTORS_PER_STEP - 1 }, (_, index) => [...get(SUM + index + 1), ...VECTOR_ADD]).flat();
  const lane = (index: number): number[] => [...get(SUM), ...simd(0x1f, index)];
  return [
    ...[...get(SUM), ...all, ...set(SUM)],
    ...[...lane(0), ...lane(1), ...F32_ADD],
    ...[...lane(2), ...lane(3), ...F32_ADD, ...F32_ADD],
  ];
}

function section(id: number, content: number[]): number[] {
  return [id, ...sized(content)];
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function sized(content: number[]): number[] {
  return [...unsigned(content.length), ...content];
}

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: number): number[] {
  if (value >= -0x40 && value < 0x40) return [value & 0x7f];
  return [(value & 0x7f) | 0x80, ...signed(value >> 7)];
}
