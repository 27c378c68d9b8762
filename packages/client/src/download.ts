import { NATIVE_OPERATIONS } from "@postern/contract";
import { PosternError } from "./postern-error.ts";
import { refusalOf, urlOf, type Wire, wasSent } from "./send-once.ts";

export interface DownloadOptions {
  /** How many bytes are there already. */
  readonly from?: number | undefined;
  /** Of the file that these are of: another one is sent from its beginning. */
  readonly etag?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Download {
  /** Errors when it is cut: go on from what came. */
  readonly body: ReadableStream<Uint8Array>;
  /** Where in the file it begins. */
  readonly from: number;
  /** Of the whole file. */
  readonly bytes: number;
  readonly etag: string | null;
}

/** The file of an export that is done, or the rest of it. One try: whoever is cut asks for the rest. */
export async function downloadExport(wire: Wire, exportId: number, { from = 0, etag, signal }: DownloadOptions): Promise<Download> {
  const headers: Record<string, string> = { accept: "text/csv" };
  if (wire.key !== null) headers["authorization"] = `Bearer ${wire.key}`;
  if (from > 0) headers["range"] = `bytes=${from}-`;
  if (from > 0 && etag !== undefined) headers["if-range"] = etag;
  const url = urlOf(wire.baseUrl, NATIVE_OPERATIONS.downloadExport, { params: { exportId } });
  const response = await wire
    .fetch(url, { headers, redirect: "manual", ...(signal === undefined ? {} : { signal }) })
    .catch((cause: unknown) => {
      signal?.throwIfAborted();
      throw new PosternError("server_away", {
        class: wasSent(cause) ? "ambiguous" : "transient",
        text: `No server answers at ${wire.baseUrl}.`,
        cause,
      });
    });
  if (!response.ok) throw await refusalOf(response);
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get("content-range") ?? "");
  if (response.body === null)
    throw new PosternError("answer_malformed", { class: "permanent", text: "The file has no bytes.", status: response.status });
  return {
    body: response.body,
    from: range === null ? 0 : Number(range[1]),
    bytes: Number(range === null ? response.headers.get("content-length") : range[2]),
    etag: response.headers.get("etag"),
  };
}
