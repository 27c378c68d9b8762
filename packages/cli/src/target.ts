import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type ApiTarget, clientOf } from "./api.ts";
import { readDemoFile } from "./demo-file.ts";
import { failure } from "./failure.ts";
import { trustCertificate } from "./own-certificate.ts";
import { dataDir, wholeNumber } from "./settings.ts";

/** How many places a question which one is meant names. */
const PLACES_NAMED_MAX = 20;

export interface TargetOptions {
  readonly server?: string;
  readonly key?: string;
  readonly place?: string;
}

export interface Target extends ApiTarget {
  readonly placeId: number;
}

/** A server, and the place that comes with it when it is this machine's demo. */
export interface ServerTarget extends ApiTarget {
  readonly demoPlaceId: number | null;
}

/** The server, key and place a command speaks to: what is said, else the variables, else the demo of the data directory. */
export async function targetOf(options: TargetOptions): Promise<Target> {
  const server = await serverOf(options);
  return { ...server, placeId: await placeOf(options, server) };
}

/** The same without the place. The operator's key lies in the data directory of the server. */
export async function serverOf(options: TargetOptions, as: "key" | "operator" = "key"): Promise<ServerTarget> {
  const saidUrl = options.server ?? process.env["POSTERN_SERVER"];
  const saidKey = options.key ?? (as === "operator" ? await operatorKey() : process.env["POSTERN_API_KEY"]);
  const demo = saidUrl === undefined || saidKey === undefined ? await readDemoFile(dataDir()) : null;
  const baseUrl = saidUrl ?? demo?.baseUrl;
  const apiKey = saidKey ?? (as === "operator" ? undefined : demo?.apiKey);
  if (as === "operator" && apiKey === undefined)
    throw failure(
      "operator_key_unknown",
      `This takes the operator's key: give it with --key, or run it where ${join(dataDir(), "operator.key")} is.`,
    );
  if (baseUrl === undefined || apiKey === undefined) {
    throw failure(
      "server_unknown",
      `Which server? Give --server and --key (or POSTERN_SERVER and POSTERN_API_KEY), or run \`npm start\` first: ${dataDir()} holds no demo.json.`,
    );
  }
  if (!/^https?:\/\/[^/]/.test(baseUrl) || !URL.canParse(baseUrl))
    throw failure("argument_invalid", "--server takes an address such as http://127.0.0.1:8080.");
  if (baseUrl === demo?.baseUrl) await trustCertificate(demo.certFile);
  const isDemo = baseUrl === demo?.baseUrl && apiKey === demo.apiKey;
  return { baseUrl, apiKey, demoPlaceId: isDemo ? demo.placeId : null };
}

/** The place that is said, else the demo's, else the only one within the key's reach. */
export async function placeOf(options: TargetOptions, server: ServerTarget): Promise<number> {
  const said = options.place ?? process.env["POSTERN_PLACE"];
  if (said !== undefined) return wholeNumber("--place", said);
  if (server.demoPlaceId !== null) return server.demoPlaceId;
  const { items } = await clientOf(server).listPlaces({ query: { limit: PLACES_NAMED_MAX } });
  const [only] = items;
  if (only !== undefined && items.length === 1) return only.placeId;
  const there = items.map(({ placeId, name }) => `${placeId} (${name})`).join(", ");
  throw failure(
    "place_unknown",
    there === "" ? "This key reaches no place. Make one with `postern place create`." : `Which place? Give --place. There are: ${there}.`,
  );
}

async function operatorKey(): Promise<string | undefined> {
  const text = await readFile(join(dataDir(), "operator.key"), "utf8").catch(() => "");
  return text.trim() === "" ? undefined : text.trim();
}
