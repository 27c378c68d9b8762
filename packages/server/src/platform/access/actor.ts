import { SCOPES, type Scope } from "@postern/contract";

export { SCOPES, type Scope };

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
   * The place, when the actor may use `scope` there, or any one of several. A place that does not exist and a place of somebody else fail alike (`e1007`); a place
   * within reach without the scope fails with `e1001`.
   */
  place(actor: Actor, scope: Scope | readonly Scope[], placeId: number): Promise<ReachedPlace>;
  /** Every place the actor reaches, in ascending id. */
  places(actor: Actor): Promise<readonly ReachedPlace[]>;
}
