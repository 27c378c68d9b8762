import { assert } from "@postern/core";
import type { Queryable } from "../database.ts";

/** What a place does about faces. */
export interface FacePolicy {
  /** With a face that looks like another person's of the place. */
  readonly duplicates: "report" | "refuse";
  readonly crops: "dropped" | "kept";
  /** `elsewhere`: somebody else keeps the record, and none is asked for here. */
  readonly consent: "elsewhere" | "required";
}

/** Of a place that was reached. */
export async function readFacePolicy(queryable: Queryable, placeId: number): Promise<FacePolicy> {
  const [row] = await queryable.query<FacePolicy>({
    name: "faces-policy",
    text: "select face_duplicates as duplicates, face_crops as crops, face_consent as consent from places where place_id = $1",
    values: [placeId],
  });
  assert(row !== undefined, "a place that was reached is there");
  return row;
}
