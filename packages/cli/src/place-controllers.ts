import type { ControllerResource } from "@postern/contract";
import { type ApiTarget, clientOf } from "./api.ts";

/** The controllers of a place, and how far each is. */
export async function controllersOf(target: ApiTarget, placeId: number, signal?: AbortSignal): Promise<readonly ControllerResource[]> {
  const controllers: ControllerResource[] = [];
  const call = { params: { placeId }, ...(signal === undefined ? {} : { signal }) };
  for await (const controller of clientOf(target).pages("listControllers", call)) controllers.push(controller);
  return controllers;
}
