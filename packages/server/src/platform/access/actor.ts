/** What a key may be used for (design: people, events, doors, devices, keys, webhooks). */
export const SCOPES = ["people", "events", "doors:operate", "doors:configure", "devices", "keys", "webhooks"] as const;
export type Scope = (typeof SCOPES)[number];

/** Who asks. */
export interface Actor {
  readonly keyId: string;
  readonly placeGroupId: number;
  /** null: every place of the group. */
  readonly placeIds: readonly number[] | null;
  readonly scopes: ReadonlySet<Scope>;
}

/** A place an actor has been let into. */
export interface ReachedPlace {
  readonly placeId: number;
  readonly placeGroupId: number;
  readonly name: string;
  readonly timeZone: string;
}

/** The one answer to "may this actor do this to that": every route, stream and topic asks it. */
export interface Access {
  /**
   * The place, when the actor may use `scope` there. A place that does not exist and a place of somebody else fail alike (`e1007`); a place
   * within reach without the scope fails with `e1001`.
   */
  place(actor: Actor, scope: Scope, placeId: number): Promise<ReachedPlace>;
  /** Every place the actor reaches, in ascending id. */
  places(actor: Actor): Promise<readonly ReachedPlace[]>;
}
