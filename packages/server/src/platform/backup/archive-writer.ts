import { createWriteStream } from "node:fs";
import { link, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { finished } from "node:stream/promises";
import { promisify } from "node:util";
import { zstdCompress } from "node:zlib";
import { assert } from "@postern/core";
import tar from "tar-stream";
import { platformError } from "../platform-errors.ts";
import { syncFolder } from "../sync-folder.ts";
import { MANIFEST_HASH_NAME, MANIFEST_NAME, type Manifest, type PartOfBackup, sha256Of } from "./manifest.ts";

const press = promisify(zstdCompress);

/** A backup that is being written: under another name until it is whole, so that nothing half done looks like one. */
export class ArchiveWriter {
  readonly #path: string;
  readonly #draft: string;
  readonly #pack = tar.pack();
  readonly #written: Promise<void>;
  readonly #mtime: Date;

  private constructor(path: string, draft: string, nowMs: number) {
    this.#path = path;
    this.#draft = draft;
    this.#mtime = new Date(nowMs);
    const out = createWriteStream(draft, { flags: "wx", mode: 0o600 });
    this.#written = finished(this.#pack.pipe(out));
    // Asked for with the next part.
    this.#written.catch(() => undefined);
  }

  /** Fails with `backup_unwritable` where the file is there already, or cannot be made. */
  static async begin(path: string, nowMs: number): Promise<ArchiveWriter> {
    const draft = `${path}.partial`;
    // What a killed backup left is nobody's.
    await rm(draft, { force: true });
    const isThere = await open(path).then(
      (file) => file.close().then(() => true),
      () => false,
    );
    if (isThere) throw platformError("backup_unwritable", { detail: `${path} is there already.` });
    return new ArchiveWriter(path, draft, nowMs);
  }

  /** One part of a table, pressed. */
  async addPressed(name: string, bytes: Uint8Array): Promise<PartOfBackup> {
    return this.add(name, await press(bytes));
  }

  async add(name: string, bytes: Uint8Array): Promise<PartOfBackup> {
    await this.#entry(name, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    return { name, bytes: bytes.length, sha256: sha256Of(bytes) };
  }

  /** Gives the file its name once everything is on the disk. */
  async end(manifest: Manifest): Promise<void> {
    const text = Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`);
    await this.#entry(MANIFEST_NAME, text);
    await this.#entry(MANIFEST_HASH_NAME, Buffer.from(`${sha256Of(text)}\n`));
    this.#pack.finalize();
    await this.#orUnwritable(this.#written);
    const file = await open(this.#draft, "r");
    await file.sync();
    await file.close();
    // Unlike a rename, it refuses to replace.
    await this.#orUnwritable(link(this.#draft, this.#path));
    await rm(this.#draft);
    await syncFolder(dirname(this.#path));
  }

  async giveUp(): Promise<void> {
    this.#pack.destroy();
    await this.#written.catch(() => undefined);
    await rm(this.#draft, { force: true });
  }

  #entry(name: string, bytes: Buffer): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#pack.entry({ name, size: bytes.length, mtime: this.#mtime, mode: 0o600 }, bytes, (failure) =>
      failure ? reject(failure) : resolve(),
    );
    return this.#orUnwritable(Promise.race([promise, this.#written.then(() => assert(false, "a file ends after its last part"))]));
  }

  async #orUnwritable(work: Promise<void>): Promise<void> {
    await work.catch((cause: unknown) => {
      throw platformError("backup_unwritable", { detail: `${this.#path} cannot be written.`, cause });
    });
  }
}
