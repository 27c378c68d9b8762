import { resolve } from "node:path";
import {
  CAMERA_FRAMES_PER_SECOND,
  CAMERA_FRAMES_PER_SECOND_MAX,
  CAMERAS_MAX,
  type CameraWiring,
  readCameraSource,
  SCANNERS_MAX,
  type ScannerWiring,
} from "@postern/door";
import { failure } from "./failure.ts";

/** The cameras of a controller as they are typed: `234=rtsp://camera.local/stream`, or `234:exit=/dev/video0`. */
export function readCameras({
  camera = [],
  cameraRate,
}: {
  readonly camera?: readonly string[] | undefined;
  readonly cameraRate?: string | undefined;
}): readonly CameraWiring[] {
  if (camera.length > CAMERAS_MAX) throw failure("argument_invalid", `A controller has at most ${CAMERAS_MAX} cameras.`);
  const framesPerSecond = readRate(cameraRate);
  return camera.map((typed) => {
    const { source, ...where } = readEye("--camera", typed, "/dev/video0");
    return { ...where, source: readCameraSource(source), framesPerSecond };
  });
}

/** The scanners of a controller as they are typed: `234=/dev/ttyACM0`, or `234:exit=/run/scanner`. */
export function readScanners(scanner: readonly string[] = []): readonly ScannerWiring[] {
  if (scanner.length > SCANNERS_MAX) throw failure("argument_invalid", `A controller has at most ${SCANNERS_MAX} scanners.`);
  return scanner.map((typed) => {
    const { source, ...where } = readEye("--scanner", typed, "/dev/ttyACM0");
    return { ...where, path: resolve(source) };
  });
}

function readEye(
  option: string,
  typed: string,
  example: string,
): { readonly doorId: number; readonly side: "entry" | "exit"; readonly source: string } {
  const match = /^(\d{1,15})(?::(entry|exit))?=(.+)$/.exec(typed);
  // What stands behind the sign of equality may hold a password: it is not repeated.
  if (match === null) throw failure("argument_invalid", `${option} is written as DOOR=SOURCE or DOOR:exit=SOURCE, such as 234=${example}.`);
  return { doorId: Number(match[1]), side: match[2] === "exit" ? "exit" : "entry", source: match[3] ?? "" };
}

function readRate(typed: string | undefined): number {
  if (typed === undefined) return CAMERA_FRAMES_PER_SECOND;
  const rate = /^\d{1,2}(\.\d)?$/.test(typed) ? Number(typed) : 0;
  if (rate > 0 && rate <= CAMERA_FRAMES_PER_SECOND_MAX) return rate;
  throw failure("argument_invalid", `--camera-rate is a number of pictures in a second, at most ${CAMERA_FRAMES_PER_SECOND_MAX}.`);
}
