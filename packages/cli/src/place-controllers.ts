import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { type ApiTarget, callApi, member } from "./api.ts";
import { failure } from "./failure.ts";

const PlaceController = Type.Object({
  controllerId: Type.Integer(),
  serial: Type.String(),
  name: Type.String(),
  doorIds: Type.Array(Type.Integer()),
  claimedAt: Type.Union([Type.Integer(), Type.Null()]),
  connected: Type.Boolean(),
  wantedRevision: Type.Integer(),
  confirmedRevision: Type.Integer(),
});
/** A controller as `GET /v2/places/{placeId}/controllers` shows it; the answer has more, which programs get. */
export type PlaceController = Static<typeof PlaceController>;

const check = Compile(Type.Array(PlaceController));

/** The controllers of a place, and how far each is. */
export async function controllersOf(target: ApiTarget, placeId: number, signal?: AbortSignal): Promise<readonly PlaceController[]> {
  const answer = await callApi(target, { path: `/v2/places/${placeId}/controllers`, ...(signal === undefined ? {} : { signal }) });
  const controllers = member(answer, "controllers");
  if (check.Check(controllers)) return controllers;
  throw failure("server_answer_malformed", `${target.baseUrl} does not answer as a Postern server of this version does.`);
}
