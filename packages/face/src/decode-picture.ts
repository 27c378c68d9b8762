import sharp from "sharp";
import * as limits from "./limits.ts";
import type { Picture } from "./picture.ts";

/** A picture, or why there is none. */
export type DecodeOutcome =
  | { readonly kind: "picture"; readonly picture: Picture }
  | { readonly kind: "refused"; readonly because: "too_many_bytes" | "not_an_image" | "too_many_pixels" | "damaged" };

const FORMATS: ReadonlySet<string> = new Set(["jpeg", "png", "webp"]);

/**
 * Decodes a JPEG, PNG or WebP, upright by its EXIF orientation, made smaller to `PICTURE_SIDE_MAX`. What it is, and how large it would become, is
 * looked at before a pixel is decoded; what is damaged or cut off is refused and not guessed at.
 */
export async function decodePicture(bytes: Uint8Array): Promise<DecodeOutcome> {
  if (bytes.length === 0) return refused("not_an_image");
  if (bytes.length > limits.PHOTO_BYTES_MAX) return refused("too_many_bytes");
  const options = { limitInputPixels: limits.PHOTO_PIXELS_MAX, failOn: "truncated", sequentialRead: true } as const;
  const metadata = await sharp(bytes, { ...options, limitInputPixels: false })
    .metadata()
    .catch(() => null);
  if (metadata === null || !FORMATS.has(metadata.format ?? "")) return refused("not_an_image");
  if ((metadata.width ?? 0) * (metadata.height ?? 0) > limits.PHOTO_PIXELS_MAX) return refused("too_many_pixels");
  const decoded = await sharp(bytes, options)
    .timeout({ seconds: limits.DECODE_SECONDS_MAX })
    .rotate()
    .resize({ width: limits.PICTURE_SIDE_MAX, height: limits.PICTURE_SIDE_MAX, fit: "inside", withoutEnlargement: true })
    .flatten({ background: "#808080" })
    .toColourspace("srgb")
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch(() => null);
  if (decoded === null) return refused("damaged");
  const { data, info } = decoded;
  if (info.channels !== 3) return refused("damaged");
  return { kind: "picture", picture: { width: info.width, height: info.height, rgb: data } };
}

function refused(because: Extract<DecodeOutcome, { kind: "refused" }>["because"]): DecodeOutcome {
  return { kind: "refused", because };
}
