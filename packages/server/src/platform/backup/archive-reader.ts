import { createReadStream } from "node:fs";
import { promisify } from "node:util";
import { zstdDecompress } from "node:zlib";
import tar from "tar-stream";
import { platformError } from "../platform-errors.ts";
import { MANIFEST_BYTES_MAX, PART_BYTES_MAX, PRESSED_PART_BYTES_MAX } from "./limits.ts";
import { MANIFEST_HASH_NAME, MANIFEST_NAME, type Manifest, type PartOfBackup, partsOf, readManifest, sha256Of } from "./manifest.ts";

const unpress = promisify(zstdDecompress);

interface ReadPart {
  readonly name: string;
  readonly bytes: Buffer;
}

/**
 * Reads a backup from its beginning to its end and holds every part to its hash, before anybody does anything with it. Fails with `backup_damaged`,
 * which names the part, or `backup_unusable`.
 */
export async function verifyArchive(path: string): Promise<Manifest> {
  const found: PartOfBackup[] = [];
  let manifest: Manifest | null = null;
  let manifestHash: string | null = null;
  for await (const { name, bytes } of partsIn(path)) {
    if (name === MANIFEST_NAME) [manifest, manifestHash] = [readManifest(bytes.toString("utf8")), sha256Of(bytes)];
    else if (name === MANIFEST_HASH_NAME) {
      if (manifest === null || manifestHash !== bytes.toString("utf8").trim()) throw damaged(MANIFEST_NAME, "is not what was written");
      refuseDifferences(partsOf(manifest), found);
      return manifest;
    } else found.push({ name, bytes: bytes.length, sha256: sha256Of(bytes) });
  }
  const last = found.at(-1)?.name;
  throw damaged(
    manifest === null ? MANIFEST_NAME : MANIFEST_HASH_NAME,
    `is missing: the file ends ${last === undefined ? "at its beginning" : `behind ${last}`}`,
  );
}

function refuseDifferences(wanted: readonly PartOfBackup[], found: readonly PartOfBackup[]): void {
  for (const [index, part] of wanted.entries()) {
    const there = found[index];
    if (there?.name !== part.name) throw damaged(part.name, "is missing");
    if (there.sha256 !== part.sha256 || there.bytes !== part.bytes) throw damaged(part.name, "is not what was written");
  }
  const surplus = found[wanted.length];
  if (surplus !== undefined) throw damaged(surplus.name, "does not belong there");
}

/** The parts of a verified backup as they were before they were pressed. One that changed meanwhile fails with `backup_damaged`. */
export async function* readParts(path: string, manifest: Manifest): AsyncGenerator<ReadPart, void, undefined> {
  const wanted = partsOf(manifest);
  let index = 0;
  for await (const { name, bytes } of partsIn(path)) {
    const part = wanted[index];
    if (part === undefined) return;
    if (part.name !== name || part.sha256 !== sha256Of(bytes)) throw damaged(part.name, "changed while it was read");
    index += 1;
    yield { name, bytes: name.endsWith(".zst") ? await unpress(bytes, { maxOutputLength: PART_BYTES_MAX }) : bytes };
  }
}

async function* partsIn(path: string): AsyncGenerator<ReadPart, void, undefined> {
  const extract = tar.extract();
  const file = createReadStream(path);
  file.on("error", (failure) => extract.destroy(failure));
  file.pipe(extract);
  let at = "its beginning";
  try {
    for await (const entry of extract) {
      const { name, size = 0 } = entry.header;
      at = name;
      if (size > (name === MANIFEST_NAME ? MANIFEST_BYTES_MAX : PRESSED_PART_BYTES_MAX)) throw damaged(name, "is too large for a part");
      const chunks: Buffer[] = [];
      for await (const chunk of bytesOf(entry)) chunks.push(chunk);
      const bytes = Buffer.concat(chunks);
      if (bytes.length !== size) throw damaged(name, "is cut off");
      yield { name, bytes };
    }
  } catch (cause) {
    if (isOurs(cause)) throw cause;
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT")
      throw platformError("backup_unusable", { detail: `There is no file ${path}.`, cause });
    throw damaged(at, "is cut off or damaged, or what follows it", cause);
  } finally {
    file.destroy();
  }
}

/** The types of the library know nothing of what its entries give. */
function bytesOf(entry: AsyncIterable<unknown>): AsyncIterable<Buffer> {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: a stream without an encoding gives buffers.
  return entry as AsyncIterable<Buffer>;
}

function isOurs(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && (cause.code === "backup_damaged" || cause.code === "backup_unusable");
}

function damaged(part: string, what: string, cause?: unknown): Error {
  return platformError("backup_damaged", {
    detail: `${part} ${what}. Nothing was changed.`,
    context: { part },
    ...(cause === undefined ? {} : { cause }),
  });
}
