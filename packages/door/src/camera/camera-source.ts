import { existsSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { CodedError } from "@postern/core";
import { CAMERA_ALLOC_BYTES_MAX, CAMERA_SIDE_MAX } from "../limits.ts";

/** Where a camera's pictures come from. */
export type CameraSource =
  /** Over the network, by TCP. */
  | { readonly kind: "rtsp"; readonly url: string }
  /** A device of Video4Linux. */
  | { readonly kind: "v4l2"; readonly path: string }
  /** A recording, played at its own speed and begun again at its end. */
  | { readonly kind: "file"; readonly path: string };

/**
 * `rtsp://…` or `rtsps://…`, `/dev/video0`, or the path of a file. ffmpeg itself takes far more, such as addresses of other servers and lists of
 * files: what is none of these three is refused before ffmpeg hears of it (`camera_unusable`).
 */
export function readCameraSource(text: string): CameraSource {
  if (/^rtsps?:\/\//i.test(text)) {
    if (!URL.canParse(text) || /[\s\0]/.test(text)) throw unusable("The address of a camera is a URL such as rtsp://camera.local/stream.");
    return { kind: "rtsp", url: text };
  }
  if (/^[a-z][a-z0-9+.-]*:/i.test(text)) throw unusable("A camera is rtsp://…, rtsps://…, a device such as /dev/video0, or a file.");
  const path = isAbsolute(text) ? text : resolve(text);
  if (!existsSync(path)) throw unusable(`There is no ${path}.`);
  return /^\/dev\/video\d+$/.test(path) ? { kind: "v4l2", path } : { kind: "file", path };
}

function unusable(summary: string): CodedError {
  return new CodedError("camera_unusable", { class: "caller", summary });
}

/** What ffmpeg is started with: JPEGs one behind the other on its standard output, no larger and no more often than asked, on one core. */
export function ffmpegArguments(source: CameraSource, framesPerSecond: number): readonly string[] {
  const scale = `scale='min(${CAMERA_SIDE_MAX},iw)':'min(${CAMERA_SIDE_MAX},ih)':force_original_aspect_ratio=decrease`;
  return [
    ...["-hide_banner", "-nostdin", "-loglevel", "error", "-max_alloc", String(CAMERA_ALLOC_BYTES_MAX), "-threads", "1"],
    ...inputOf(source),
    ...["-an", "-sn", "-dn", "-vf", `fps=${framesPerSecond},${scale}`, "-threads", "1"],
    ...["-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-q:v", "4", "-f", "image2pipe", "pipe:1"],
  ];
}

function inputOf(source: CameraSource): readonly string[] {
  switch (source.kind) {
    case "rtsp":
      return ["-rtsp_transport", "tcp", "-i", source.url];
    case "v4l2":
      return ["-f", "v4l2", "-i", source.path];
    case "file":
      // With its protocol, so that no name of a file is taken for one.
      return ["-re", "-i", `file:${source.path}`];
  }
}
