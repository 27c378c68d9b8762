import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parentPort } from "node:worker_threads";
import { assert } from "@postern/core";
import { decodePicture } from "@postern/face";
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import { QR_CODES_PER_PICTURE_MAX } from "../limits.ts";
import type { QrJob, QrJobAnswer, QrPicture } from "./qr-pictures.ts";

/** The thread that reads codes from pictures, one at a time. Its decoder lies beside it: nothing is fetched. */
assert(parentPort !== null, "the QR worker runs in a thread");
const port = parentPort;
const wasmBinary = await readFile(fileURLToPath(import.meta.resolve("zxing-wasm/reader/zxing_reader.wasm")));
prepareZXingModule({ overrides: { wasmBinary: Uint8Array.from(wasmBinary).buffer } });

port.on("message", ({ jobId, bytes }: QrJob) => {
  read(bytes).then(
    (picture) => answer({ jobId, ok: true, picture }),
    // What a library says of a picture may repeat parts of it.
    () => answer({ jobId, ok: false }),
  );
});

async function read(bytes: Uint8Array): Promise<QrPicture> {
  const decoded = await decodePicture(bytes);
  if (decoded.kind === "refused") return decoded;
  const { width, height, rgb } = decoded.picture;
  const image = { width, height, data: withAlpha(rgb), colorSpace: "srgb" } as const;
  const found = await readBarcodes(image, { formats: ["QRCode"], maxNumberOfSymbols: QR_CODES_PER_PICTURE_MAX });
  return { kind: "codes", texts: [...new Set(found.filter(({ isValid }) => isValid).map(({ text }) => text))] };
}

function withAlpha(rgb: Uint8Array): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray((rgb.length / 3) * 4).fill(255);
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) rgba.set(rgb.subarray(from, from + 3), to);
  return rgba;
}

function answer(message: QrJobAnswer): void {
  port.postMessage(message);
}
