import { type Clock, CodedError } from "@postern/core";
import type { Credential, Outcome } from "../drivers/driver.ts";
import { DOOR_CODES } from "../errors.ts";
import { UNKNOWN_FACE_MS } from "../limits.ts";
import type { FaceMatch, FaceMatcher } from "./face-matcher.ts";

export interface FaceCameraDeps {
  readonly matcher: Pick<FaceMatcher, "match">;
  readonly clock: Clock;
  /** Holds what was found to a reader of the door. */
  readonly present: (doorId: number, side: "entry" | "exit", credential: Credential) => Promise<Outcome>;
}

const UNKNOWN: Outcome = { outcome: "refused", reason: "unknown", person: null };

/** What a door's camera sees, as the door's readers present it. */
export class FaceCamera {
  readonly #deps: FaceCameraDeps;
  readonly #unknownSinceMs = new Map<string, number>();

  constructor(deps: FaceCameraDeps) {
    this.#deps = deps;
  }

  /** Fails with `face_unclear` where the picture tells nobody: no face in it, two, one too far. That is no attempt, and no event. */
  async see(doorId: number, side: "entry" | "exit", photo: Uint8Array): Promise<Outcome> {
    const { matcher, present } = this.#deps;
    const match = await matcher.match(photo);
    if (match.kind === "unclear") throw unclear(match.because);
    if (match.kind === "unknown" && this.#wasSeen(`${doorId} ${side}`)) return UNKNOWN;
    return present(doorId, side, { kind: "matched", factor: "FACE", authId: match.kind === "known" ? match.authId : null });
  }

  /** A camera sees whoever walks by again and again: the log says so once in a while. */
  #wasSeen(name: string): boolean {
    const nowMs = this.#deps.clock.monotonicMs();
    const sinceMs = this.#unknownSinceMs.get(name) ?? Number.NEGATIVE_INFINITY;
    if (nowMs - sinceMs < UNKNOWN_FACE_MS) return true;
    this.#unknownSinceMs.set(name, nowMs);
    return false;
  }
}

const UNCLEAR: Readonly<Record<(FaceMatch & { readonly kind: "unclear" })["because"], string>> = {
  no_face: "The picture shows no face.",
  several_faces: "The picture shows more than one face that is near.",
  too_small: "The face is too far away.",
  turned: "The head is turned or tilted too far.",
  blurred: "The face is blurred.",
  too_dark: "The face is too dark.",
  too_bright: "The face is too bright.",
  gallery_too_large: "Too many people are enrolled here for a face alone; a card or a PIN is needed.",
  not_an_image: "That is no JPEG, PNG or WebP picture.",
  damaged: "The picture is damaged or cut off.",
  too_many_bytes: "The picture is too large.",
  too_many_pixels: "The picture is too large.",
};

function unclear(because: keyof typeof UNCLEAR): CodedError {
  return new CodedError("face_unclear", { class: DOOR_CODES.face_unclear.class, summary: UNCLEAR[because] }, { context: { because } });
}
