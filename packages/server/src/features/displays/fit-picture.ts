import { DISPLAY_IMAGE_BYTES_MAX } from "@postern/contract";
import sharp from "sharp";
import { IMAGE_DECODE_SECONDS_MAX, IMAGE_PIXELS_MAX, IMAGE_QUALITY } from "./limits.ts";
import type { ScreenSize } from "./screen-size.ts";

/** A picture as a device shows it. */
export interface FittedPicture {
  readonly mediaType: "image/jpeg" | "image/png";
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array;
}

export type FitOutcome =
  | { readonly kind: "fitted"; readonly picture: FittedPicture }
  /** In words that name the field they stand beside. */
  | { readonly kind: "refused"; readonly because: string };

/**
 * A JPEG or PNG, upright, made smaller to fit a screen, whole and in its proportions, and written anew: what a camera noted beside it (place, time) and
 * what else a file can carry stay behind. What it is and how large it would become is looked at before a pixel is decoded, and all of it off the event loop.
 */
export async function fitPicture(bytes: Uint8Array, { width, height }: ScreenSize): Promise<FitOutcome> {
  if (bytes.length === 0) return refused("must be a JPEG or PNG picture in base64");
  if (bytes.length > DISPLAY_IMAGE_BYTES_MAX) return refused("must be a picture of at most 4 MB");
  const metadata = await sharp(bytes, { limitInputPixels: false })
    .metadata()
    .catch(() => null);
  const format = metadata?.format;
  if (format !== "jpeg" && format !== "png") return refused("must be a JPEG or PNG picture in base64");
  if ((metadata?.width ?? 0) * (metadata?.height ?? 0) > IMAGE_PIXELS_MAX) return refused("has too many pixels");
  const fitted = sharp(bytes, { limitInputPixels: IMAGE_PIXELS_MAX, failOn: "truncated", sequentialRead: true })
    .timeout({ seconds: IMAGE_DECODE_SECONDS_MAX })
    .rotate()
    .resize({ width, height, fit: "inside", withoutEnlargement: true })
    .toColourspace("srgb");
  const written = format === "jpeg" ? fitted.jpeg({ quality: IMAGE_QUALITY }) : fitted.png();
  const done = await written.toBuffer({ resolveWithObject: true }).catch(() => null);
  if (done === null) return refused("is damaged or cut off");
  const { data, info } = done;
  return { kind: "fitted", picture: { mediaType: `image/${format}`, width: info.width, height: info.height, bytes: data } };
}

function refused(because: string): FitOutcome {
  return { kind: "refused", because };
}
