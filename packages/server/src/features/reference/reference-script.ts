import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { assert } from "@postern/core";
import Fastify from "fastify";

export interface ReferenceScript {
  readonly plain: Buffer;
  readonly gzipped: Buffer;
  /** A strong `ETag`. */
  readonly tag: string;
}

const BUNDLE_PATH = "/js/scalar.js";

/**
 * The script that draws the reference, as the package brings it: four megabytes that are loaded when the page is first asked for, since most servers
 * never show it. The package hands it out through its own plugin alone, so a server that nobody can reach is asked for it.
 */
export async function loadReferenceScript(): Promise<ReferenceScript> {
  const { default: plugin } = await import("@scalar/fastify-api-reference");
  const shelf = Fastify({ logger: false, routerOptions: { ignoreTrailingSlash: true } });
  try {
    await shelf.register(plugin, { routePrefix: "/", configuration: { url: "/" } });
    const answer = await shelf.inject(BUNDLE_PATH);
    assert(answer.statusCode === 200, "the package of the reference brings its script");
    const plain = answer.rawPayload;
    const gzipped = await promisify(gzip)(plain);
    return { plain, gzipped, tag: `"${createHash("sha256").update(plain).digest("base64url").slice(0, 22)}"` };
  } finally {
    await shelf.close();
  }
}
