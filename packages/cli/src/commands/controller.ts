import type { ControllerResource } from "@postern/contract";
import { clientOf } from "../api.ts";
import { failure } from "../failure.ts";
import { localTime } from "../local-time.ts";
import { type Output, table } from "../output.ts";
import { controllersOf } from "../place-controllers.ts";
import { wholeNumber } from "../settings.ts";
import { type TargetOptions, targetOf } from "../target.ts";

export interface ListOptions extends TargetOptions {
  readonly json?: boolean;
}

/** The controllers of a place, and whether each holds what it should. */
export async function listControllers(options: ListOptions, output: Output): Promise<void> {
  const target = await targetOf(options);
  const controllers = await controllersOf(target, target.placeId);
  if (options.json === true) {
    for (const controller of controllers) output.json(controller);
    return;
  }
  const rows = controllers.map((controller) => {
    const { controllerId, serial, name, wantedRevision, confirmedRevision, doorIds } = controller;
    return [String(controllerId), serial, name, linkOf(controller), `${confirmedRevision} of ${wantedRevision}`, doorIds.join(",")];
  });
  for (const line of table([["ID", "SERIAL", "NAME", "LINK", "CONFIRMED", "DOORS"], ...rows])) output.line(line);
}

function linkOf({ connected, claimedAt }: ControllerResource): string {
  if (connected) return "connected";
  return claimedAt === null ? "not claimed" : "away";
}

export interface ClaimCodeOptions extends TargetOptions {
  readonly serial?: string;
  readonly controller?: string;
  readonly json?: boolean;
}

/** Makes a one-time code that registers the key of a controller, and ends the key it had. */
export async function makeClaimCode(options: ClaimCodeOptions, output: Output): Promise<void> {
  const target = await targetOf(options);
  const controllers = await controllersOf(target, target.placeId);
  const { controllerId, serial } = chosen(controllers, options);
  const { code, expiresAt } = await clientOf(target).issueClaimCode({ params: { controllerId } });
  if (options.json === true) return output.json({ controllerId, serial, code, expiresAt });
  output.line(`Code ${output.paint.strong(code)} for controller ${serial}, once, until ${localTime(expiresAt)}. At the controller:`);
  output.line(`  npm run -s postern -- door run --server ${target.baseUrl} --claim ${code}`);
}

function chosen(controllers: readonly ControllerResource[], { serial, controller }: ClaimCodeOptions): ControllerResource {
  const there = controllers.map((one) => `${one.controllerId} (serial ${one.serial})`).join(", ") || "none";
  if ((serial === undefined) === (controller === undefined))
    throw failure("argument_missing", `Which controller? Give its id or --serial. There are: ${there}.`);
  const controllerId = controller === undefined ? null : wholeNumber("The id of a controller", controller);
  const found = controllers.find((one) => one.serial === serial || one.controllerId === controllerId);
  if (found !== undefined) return found;
  throw failure("controller_unknown", `The place has no controller ${serial ?? controller}. There are: ${there}.`);
}
