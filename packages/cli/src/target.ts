import type { ApiTarget } from "./api.ts";
import { readDemoFile } from "./demo-file.ts";
import { failure } from "./failure.ts";
import { trustCertificate } from "./own-certificate.ts";
import { dataDir, wholeNumber } from "./settings.ts";

export interface TargetOptions {
  readonly server?: string;
  readonly key?: string;
  readonly place?: string;
}

export interface Target extends ApiTarget {
  readonly placeId: number;
}

/** The server, key and place a command speaks to: what is said, else the variables, else the demo of the data directory. */
export async function targetOf(options: TargetOptions): Promise<Target> {
  const baseUrl = options.server ?? process.env["POSTERN_SERVER"];
  const apiKey = options.key ?? process.env["POSTERN_API_KEY"];
  const demo = baseUrl === undefined || apiKey === undefined ? await readDemoFile(dataDir()) : null;
  const found = { baseUrl: baseUrl ?? demo?.baseUrl, apiKey: apiKey ?? demo?.apiKey };
  if (found.baseUrl === undefined || found.apiKey === undefined) {
    throw failure(
      "server_unknown",
      `Which server? Give --server and --key (or POSTERN_SERVER and POSTERN_API_KEY), or run \`npm start\` first: ${dataDir()} holds no demo.json.`,
    );
  }
  if (!/^https?:\/\/[^/]/.test(found.baseUrl) || !URL.canParse(found.baseUrl))
    throw failure("argument_invalid", "--server takes an address such as http://127.0.0.1:8080.");
  if (found.baseUrl === demo?.baseUrl) await trustCertificate(demo.certFile);
  return { baseUrl: found.baseUrl, apiKey: found.apiKey, placeId: wholeNumber("--place", options.place ?? String(demo?.placeId ?? 178)) };
}
