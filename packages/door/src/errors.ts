import { CodedError, type CodedErrorOptions, type ErrorSpec } from "@postern/core";

/** What can go wrong in a controller beside the link itself. */
export const DOOR_CODES = {
  not_claimed: { class: "caller", summary: "This folder holds no claimed controller." },
  already_claimed: { class: "caller", summary: "This folder holds a claimed controller already." },
  claim_refused: { class: "caller", summary: "The server did not accept the claim." },
  server_away: { class: "transient", summary: "The server cannot be reached, or did not answer in time." },
  server_answer_malformed: { class: "permanent", summary: "The server's answer does not have the form of a claim." },
  identity_malformed: { class: "permanent", summary: "The identity file is damaged." },
  data_directory_taken: { class: "transient", summary: "Another process runs the controller of this folder." },
  disk_unusable: { class: "transient", summary: "The controller's disk cannot be read or written." },
  driver_failed: { class: "transient", summary: "A driver failed." },
  socket_path_too_long: { class: "permanent", summary: "No folder for the virtual driver's socket has a path that is short enough." },
  run_directory_foreign: {
    class: "permanent",
    summary: "The folder for the virtual driver's socket belongs to somebody else, or others may enter it.",
  },
  virtual_driver_away: { class: "transient", summary: "The virtual driver's socket cannot be reached, or did not answer in time." },
  request_malformed: { class: "caller", summary: "The virtual driver does not understand the request." },
  door_unknown: { class: "caller", summary: "This controller does not serve that door." },
  exit_missing: { class: "caller", summary: "This door has no device at its exit." },
  part_dead: { class: "transient", summary: "That part of the virtual door does not work now: it was broken by hand, or has no power." },
  busy: { class: "transient", summary: "Too many requests wait at this door." },
  face_unclear: { class: "caller", summary: "Nobody can be told by that picture." },
  qr_unclear: { class: "caller", summary: "The picture shows no QR code, or more than one." },
  picture_unreadable: { class: "caller", summary: "That picture is no file that can be read, or it is too large." },
  camera_unusable: { class: "caller", summary: "That is no camera whose pictures can be taken." },
  ffmpeg_missing: { class: "caller", summary: "Cameras need ffmpeg on the PATH, and there is none that can be started." },
  stopping: { class: "transient", summary: "The controller is stopping." },
} as const satisfies Record<string, ErrorSpec>;

export type DoorCode = keyof typeof DOOR_CODES;

export function doorError(code: DoorCode, options?: CodedErrorOptions): CodedError {
  return new CodedError(code, DOOR_CODES[code], options);
}
