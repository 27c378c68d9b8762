import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { eventually } from "../../support/eventually.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

/** Bytes of buffers that something still refers to, and of garbage that V8 has not given back yet. */
export function heldBytes(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

/** Not more than `byteCountMax` beyond `before` is held. Looked at again and again, since V8 gives buffers back some time after it collected them. */
export async function heldBytesWithin(before: number, byteCountMax: number): Promise<void> {
  await eventually(`less than ${byteCountMax} bytes more`, () => heldBytes() - before < byteCountMax, 5_000);
}
