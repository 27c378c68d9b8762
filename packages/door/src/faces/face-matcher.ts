import { DEFAULT_PACK, DOOR_POLICY, type FacePool, matchThreshold, type PhotoProblem, readTemplate, TemplateGallery } from "@postern/face";

/** What a picture at a door is found to be. */
export type FaceMatch =
  | { readonly kind: "known"; readonly authId: number }
  | { readonly kind: "unknown" }
  /** Nobody can be told by it, and nobody was: it is no attempt. */
  | { readonly kind: "unclear"; readonly because: PhotoProblem | "gallery_too_large" };

/** Says whose face a picture shows, among all whose templates a controller holds. Templates of other packs are left out: nothing can be said of them. */
export class FaceMatcher {
  readonly #gallery = new TemplateGallery(DEFAULT_PACK.dimensions);
  readonly #held = new Map<number, readonly Float32Array[]>();
  readonly #pool: () => Promise<FacePool>;

  constructor(pool: () => Promise<FacePool>) {
    this.#pool = pool;
  }

  /** The templates of an auth as they were sent; none takes it away. */
  hold(authId: number, texts: readonly string[]): void {
    const templates = texts.flatMap((text) => readTemplate(DEFAULT_PACK, text) ?? []);
    this.#gallery.put(authId, templates);
    if (templates.length === 0) this.#held.delete(authId);
    else this.#held.set(authId, templates);
  }

  /** `onlyAuthId`: compared with that auth's templates alone. Fails as the pool does. */
  async match(photo: Uint8Array, onlyAuthId: number | null = null): Promise<FaceMatch> {
    const pool = await this.#pool();
    const outcome = await pool.examine(photo, { policy: DOOR_POLICY, wantsCrop: false });
    if (outcome.kind === "refused") return { kind: "unclear", because: outcome.because };
    // Asked only now: whoever was taken away while the picture was looked at is not found any more.
    return onlyAuthId === null ? this.find(outcome.template) : this.verify(outcome.template, onlyAuthId);
  }

  /** One among all. */
  find(probe: Float32Array): FaceMatch {
    const nearest = this.#gallery.nearest(probe);
    if (nearest === null) return { kind: "unknown" };
    const threshold = matchThreshold(DEFAULT_PACK, this.#gallery.templateCount);
    if (threshold === null) return { kind: "unclear", because: "gallery_too_large" };
    const distance = Math.sqrt(nearest.distance);
    const isTheirs = distance <= threshold && Math.sqrt(nearest.second) >= distance + DEFAULT_PACK.bound.margin;
    return isTheirs ? { kind: "known", authId: nearest.ownerId } : { kind: "unknown" };
  }

  /** One alone, who has said by a card or a code who they are: as many templates as they have can be mistaken, however many people are enrolled. */
  verify(probe: Float32Array, authId: number): FaceMatch {
    const templates = this.#held.get(authId) ?? [];
    const threshold = matchThreshold(DEFAULT_PACK, templates.length);
    const isTheirs = threshold !== null && templates.some((template) => distanceOf(template, probe) <= threshold);
    return isTheirs ? { kind: "known", authId } : { kind: "unknown" };
  }
}

function distanceOf(template: Float32Array, probe: Float32Array): number {
  let sum = 0;
  for (const [index, value] of template.entries()) sum += (value - (probe[index] ?? Number.NaN)) ** 2;
  return Math.sqrt(sum);
}
