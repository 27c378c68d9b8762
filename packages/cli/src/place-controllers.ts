import { PAGE_SIZE_MAX_V2 } from "@postern/contract";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { type ApiTarget, callApi } from "./api.ts";
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

/** One page; the answer names the next one while there is one. */
const check = Compile(Type.Object({ items: Type.Array(PlaceController), next: Type.Optional(Type.String()) }));

/** The controllers of a place, and how far each is. */
export async function controllersOf(target: ApiTarget, placeId: number, signal?: AbortSignal): Promise<readonly PlaceController[]> {
  const controllers: PlaceController[] = [];
  let after = "";
  for (;;) {
    const path = `/v2/places/${placeId}/controllers?limit=${PAGE_SIZE_MAX_V2}${after}`;
    const page = await callApi(target, { path, ...(signal === undefined ? {} : { signal }) });
    if (!check.Check(page)) {
      throw failure("server_answer_malformed", `${target.baseUrl} does not answer as a Postern server of this version does.`);
    }
    controllers.push(...page.items);
    if (page.next === undefined) return controllers;
    after = `&after=${encodeURIComponent(page.next)}`;
  }
}
