export { type CameraWiring, type RunningController, type ScannerWiring, type StartOptions, startController } from "./app.ts";
export { type CameraSource, readCameraSource } from "./camera/camera-source.ts";
export { type ClaimOptions, claimController } from "./claim/claim-controller.ts";
export type { Identity } from "./claim/identity.ts";
export { claimedIdentity } from "./claim/identity-file.ts";
export type { ControllerState, DoorReport, RosterReport } from "./controller-state.ts";
export type { Credential, DoorPorts, DoorWiring, Driver, Outcome, Person } from "./drivers/driver.ts";
export { askVirtualDriver } from "./drivers/virtual/ask-virtual-driver.ts";
export type {
  BreakablePart,
  ControlRequest,
  ControlResults,
  DoneResult,
  PresentedCard,
  PresentedThing,
  PresentResult,
  ShowResult,
} from "./drivers/virtual/control-protocol.ts";
export { DOOR_CODES, type DoorCode } from "./errors.ts";
export { CAMERA_FRAMES_PER_SECOND, CAMERA_FRAMES_PER_SECOND_MAX, CAMERAS_MAX, SCANNERS_MAX } from "./limits.ts";
