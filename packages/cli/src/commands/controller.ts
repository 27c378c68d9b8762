import { callApi, member, text } from "../api.ts";
import { failure } from "../failure.ts";
import { type Output, table } from "../output.ts";
import { type Target, type TargetOptions, targetOf } from "../settings.ts";

interface ControllerRow {
  readonly controllerId: number;
  readonly serial: string;
  readonly name: string;
  readonly row: unknown;
}

async function controllersOf(target: Target): Promise<ControllerRow[]> {
  const answer = await callApi(target, { path: `/v2/places/${target.placeId}/controllers` });
  const rows = member(answer, "controllers");
  return (Array.isArray(rows) ? rows : []).map((row: unknown) => ({
    controllerId: Number(member(row, "controllerId")),
    serial: text(member(row, "serial")) ?? "?",
    name: text(member(row, "name")) ?? "",
    row,
  }));
}

/** The controllers of a place, and whether each holds what it should. */
export async function listControllers(options: TargetOptions & { readonly json?: boolean }, output: Output): Promise<void> {
  const controllers = await controllersOf(await targetOf(options));
  if (options.json === true) {
    for (const controller of controllers) output.json(controller.row);
    return;
  }
  const rows = controllers.map(({ controllerId, serial, name, row }) => {
    const [wanted, confirmed] = [member(row, "wantedRevision"), member(row, "confirmedRevision")];
    const link = member(row, "connected") === true ? "connected" : member(row, "claimed") === true ? "away" : "not claimed";
    return [String(controllerId), serial, name, link, `${String(confirmed)} of ${String(wanted)}`, String(member(row, "doorIds"))];
  });
  for (const line of table([["ID", "SERIAL", "NAME", "LINK", "CONFIRMED", "DOORS"], ...rows])) output.line(line);
}

/** Makes a one-time code that registers the key of a controller, and ends the key it had. */
export async function makeClaimCode(
  options: TargetOptions & { readonly serial: string; readonly json?: boolean },
  output: Output,
): Promise<void> {
  const target = await targetOf(options);
  const controllers = await controllersOf(target);
  const found = controllers.find((controller) => controller.serial === options.serial);
  if (found === undefined)
    throw failure(
      "controller_unknown",
      `Place ${target.placeId} has no controller ${options.serial}. There are: ${controllers.map((one) => one.serial).join(", ") || "none"}.`,
    );
  const answer = await callApi(target, { method: "POST", path: `/v2/controllers/${found.controllerId}/claim-codes` });
  const [code, expiresAt] = [text(member(answer, "code")) ?? "", Number(member(answer, "expiresAt"))];
  if (options.json === true) return output.json({ serial: found.serial, code, expiresAt });
  output.line(
    `Code ${output.paint.strong(code)} for controller ${found.serial}, once, until ${new Date(expiresAt).toLocaleTimeString()}. At the controller:`,
  );
  output.line(`  postern door run --server ${target.baseUrl} --claim ${code}`);
}
