import type { ModelPack } from "./model-pack.ts";

/** A template of another pack has another prefix, and so can be neither compared nor taken for one of this. */
const TEXT = /^([a-z0-9-]{1,32})\.([1-9][0-9]{0,5})\.([A-Za-z0-9+/]+={0,2})$/;
const FLOAT_BYTES = 4;

/** `dlib-resnet.1.` and its numbers as 32-bit floats, little-endian, in base64: the one form in which a template is kept and sent. */
export function writeTemplate({ packId, version }: Pick<ModelPack, "packId" | "version">, template: Float32Array): string {
  const bytes = Buffer.alloc(template.length * FLOAT_BYTES);
  for (const [index, value] of template.entries()) bytes.writeFloatLE(value, index * FLOAT_BYTES);
  return `${packId}.${version}.${bytes.toString("base64")}`;
}

/** null: of another pack or version, of another length, or no template. */
export function readTemplate({ packId, version, dimensions }: ModelPack, text: string): Float32Array | null {
  const [, id, written, base64 = ""] = TEXT.exec(text) ?? [];
  if (id !== packId || written !== String(version)) return null;
  const bytes = Buffer.from(base64, "base64");
  if (bytes.length !== dimensions * FLOAT_BYTES) return null;
  const template = Float32Array.from({ length: dimensions }, (_, index) => bytes.readFloatLE(index * FLOAT_BYTES));
  return template.every((value) => Number.isFinite(value)) ? template : null;
}
