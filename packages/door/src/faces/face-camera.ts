import { type Clock, CodedError } from "@postern/core";
import type { AwaitedFactor, Credential, Outcome, Side } from "../drivers/driver.ts";
import { DOOR_CODES } from "../errors.ts";
import { SAME_FACE_MS, UNKNOWN_FACE_MS } from "../limits.ts";
import type { FaceMatch, FaceMatcher } from "./face-matcher.ts";

export interface FaceCameraDeps {
  readonly matcher: Pick<FaceMatcher, "match">;
  readonly clock: Clock;
  /** What a reader of the door waits for; null: nothing. */
  readonly awaited: (doorId: number, side: Side) => AwaitedFactor | null;
  /** Holds what was found to a reader of the door. */
  readonly present: (doorId: number, side: Side, credential: Credential) => Promise<Outcome>;
}

const UNKNOWN: Outcome = { outcome: "refused", reason: "unknown", person: null };

/** What a door's camera sees, as the door's readers present it. */
export class FaceCamera {
  readonly #deps: FaceCameraDeps;
  readonly #unknownSinceMs = new Map<string, number>();
  readonly #lastKnown = new Map<string, { readonly authId: number; readonly atMs: number }>();

  constructor(deps: FaceCameraDeps) {
    this.#deps = deps;
  }

  /** Fails with `face_unclear` where the picture tells nobody: no face in it, two, one too far. That is no attempt, and no event. */
  async see(doorId: number, side: Side, photo: Uint8Array): Promise<Outcome> {
    const claimedId = this.#claimedId(doorId, side);
    const match = await this.#deps.matcher.match(photo, claimedId);
    if (match.kind === "unclear") throw unclear(match.because);
    return this.#present(doorId, side, { match, claimedId });
  }

  /**
   * One of the many pictures of a camera that looks all the time; null: nothing came of it. Whoever stands before it is taken once and not with each picture, and
   * while something else than a face is waited for nobody's passing by disturbs the one who types.
   */
  async glimpse(doorId: number, side: Side, photo: Uint8Array): Promise<Outcome | null> {
    const awaited = this.#deps.awaited(doorId, side);
    if (awaited !== null && !awaited.wanted.includes("FACE")) return null;
    const claimedId = this.#claimedId(doorId, side);
    const match = await this.#deps.matcher.match(photo, claimedId);
    if (match.kind === "unclear" || (match.kind === "known" && claimedId === null && this.#wasTaken(doorId, side, match.authId)))
      return null;
    return this.#present(doorId, side, { match, claimedId });
  }

  async #present(doorId: number, side: Side, { match, claimedId }: Compared): Promise<Outcome> {
    // A face that is not the awaited person's is a failure of theirs, told each time.
    if (match.kind === "unknown" && claimedId === null && this.#wasSeen(`${doorId} ${side}`)) return UNKNOWN;
    const authId = match.kind === "known" ? match.authId : null;
    return this.#deps.present(doorId, side, {
      kind: "matched",
      factor: "FACE",
      authId,
      ...(claimedId === null ? {} : { claimedId }),
    });
  }

  /** Whose face is waited for: a card or a code said who it is, so that nobody else's template is looked at. */
  #claimedId(doorId: number, side: Side): number | null {
    const awaited = this.#deps.awaited(doorId, side);
    return awaited?.wanted.includes("FACE") === true ? awaited.authId : null;
  }

  /** A camera sees whoever walks by again and again: the log says so once in a while. */
  #wasSeen(name: string): boolean {
    const nowMs = this.#deps.clock.monotonicMs();
    const sinceMs = this.#unknownSinceMs.get(name) ?? Number.NEGATIVE_INFINITY;
    if (nowMs - sinceMs < UNKNOWN_FACE_MS) return true;
    this.#unknownSinceMs.set(name, nowMs);
    return false;
  }

  #wasTaken(doorId: number, side: Side, authId: number): boolean {
    const name = `${doorId} ${side}`;
    const nowMs = this.#deps.clock.monotonicMs();
    const last = this.#lastKnown.get(name);
    if (last?.authId === authId && nowMs - last.atMs < SAME_FACE_MS) return true;
    this.#lastKnown.set(name, { authId, atMs: nowMs });
    return false;
  }
}

interface Compared {
  readonly match: FaceMatch & { readonly kind: "known" | "unknown" };
  readonly claimedId: number | null;
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
