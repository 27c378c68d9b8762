import { createReadStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { syncFolder } from "../../platform/sync-folder.ts";

/** The files of exports in the data directory: `1000.csv` is whole, `1000.part` is being written. */
export class ExportFiles {
  readonly #folder: string;

  constructor(dataDir: string) {
    this.#folder = join(dataDir, "exports");
  }

  /** A file to go on with after so many bytes; null: what should be there is not, and it has to be begun anew. */
  async openPart(exportId: number, bytes: number): Promise<PartFile | null> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const path = this.#part(exportId);
    if (bytes === 0) await rm(path, { force: true });
    else if (((await sizeOf(path)) ?? -1) < bytes) return null;
    // What was written after the last sync is written again.
    else await truncate(path, bytes);
    return PartFile.open(path);
  }

  /** The whole file has its name on the disk when this resolves. */
  async finish(exportId: number): Promise<void> {
    await rename(this.#part(exportId), this.#whole(exportId));
    await syncFolder(this.#folder);
  }

  /** null: it is not here. */
  wholeSize(exportId: number): Promise<number | null> {
    return sizeOf(this.#whole(exportId));
  }

  /** From one byte to another, both included. */
  read(exportId: number, { from, to, signal }: { readonly from: number; readonly to: number; readonly signal: AbortSignal }): Readable {
    return createReadStream(this.#whole(exportId), { start: from, end: to, signal });
  }

  async remove(exportId: number): Promise<void> {
    for (const path of [this.#part(exportId), this.#whole(exportId)]) await rm(path, { force: true });
  }

  /** Whose files are here. */
  async exportIds(): Promise<readonly number[]> {
    const names = await readdir(this.#folder).catch(() => []);
    return names.flatMap((name) => /^(\d+)\.(csv|part)$/.exec(name)?.[1] ?? []).map(Number);
  }

  #part(exportId: number): string {
    return join(this.#folder, `${exportId}.part`);
  }

  #whole(exportId: number): string {
    return join(this.#folder, `${exportId}.csv`);
  }
}

async function sizeOf(path: string): Promise<number | null> {
  const found = await stat(path).catch(() => null);
  return found === null ? null : found.size;
}

/** A file that is written at its end. */
export class PartFile implements AsyncDisposable {
  readonly #file: Awaited<ReturnType<typeof open>>;

  private constructor(file: Awaited<ReturnType<typeof open>>) {
    this.#file = file;
  }

  static async open(path: string): Promise<PartFile> {
    return new PartFile(await open(path, "a", 0o600));
  }

  /** Returns how many bytes that was. */
  async append(text: string): Promise<number> {
    const bytes = Buffer.from(text);
    await this.#file.appendFile(bytes);
    return bytes.length;
  }

  sync(): Promise<void> {
    return this.#file.sync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}
