import { DEFAULT_PACK, DOOR_POLICY, type FacePool, type PhotoProblem, readTemplate, TemplateGallery } from "@postern/face";
import { FACE_MARGIN } from "../limits.ts";
import { faceThreshold } from "./face-threshold.ts";

/** What a picture at a door is found to be. */
export type FaceMatch =
  | { readonly kind: "known"; readonly authId: number }
  | { readonly kind: "unknown" }
  /** Nobody can be told by it, and nobody was: it is no attempt. */
  | { readonly kind: "unclear"; readonly because: PhotoProblem | "gallery_too_large" };

/** Says whose face a picture shows, among all whose templates a controller holds. Templates of other packs are left out: nothing can be said of them. */
export class FaceMatcher {
  readonly #gallery = new TemplateGallery(DEFAULT_PACK.dimensions);
  readonly #pool: () => Promise<FacePool>;

  constructor(pool: () => Promise<FacePool>) {
    this.#pool = pool;
  }

  /** The templates of an auth as they were sent; none takes it away. */
  hold(authId: number, templates: readonly string[]): void {
    this.#gallery.put(
      authId,
      templates.flatMap((text) => readTemplate(DEFAULT_PACK, text) ?? []),
    );
  }

  /** Fails as the pool does. */
  async match(photo: Uint8Array): Promise<FaceMatch> {
    const pool = await this.#pool();
    const outcome = await pool.examine(photo, { policy: DOOR_POLICY, wantsCrop: false });
    if (outcome.kind === "refused") return { kind: "unclear", because: outcome.because };
    // Asked only now: whoever was taken away while the picture was looked at is not found any more.
    return this.find(outcome.template);
  }

  find(probe: Float32Array): FaceMatch {
    const nearest = this.#gallery.nearest(probe);
    if (nearest === null) return { kind: "unknown" };
    const threshold = faceThreshold(this.#gallery.templateCount);
    if (threshold === null) return { kind: "unclear", because: "gallery_too_large" };
    const distance = Math.sqrt(nearest.distance);
    // Two people who are both near are told apart by nobody.
    const isTheirs = distance <= threshold && Math.sqrt(nearest.second) >= distance + FACE_MARGIN;
    return isTheirs ? { kind: "known", authId: nearest.ownerId } : { kind: "unknown" };
  }
}
