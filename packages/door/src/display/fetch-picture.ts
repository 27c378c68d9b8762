import { doorError } from "../errors.ts";
import { PICTURE_FETCH_MS_MAX, SHOWN_PICTURE_BYTES_MAX } from "../limits.ts";

/** Fetches a picture of a display by its key, bounded in size and time and without redirects; null: the server has none under it. Fails with `server_away`. */
export async function fetchPicture(serverUrl: string, key: string, signal: AbortSignal): Promise<Uint8Array | null> {
  const url = new URL(`/v2/display-images/${key}`, serverUrl);
  try {
    const answer = await fetch(url, { redirect: "error", signal: AbortSignal.any([signal, AbortSignal.timeout(PICTURE_FETCH_MS_MAX)]) });
    if (answer.status === 404) {
      await answer.body?.cancel();
      return null;
    }
    if (answer.status !== 200) throw doorError("server_away", { context: { status: answer.status } });
    return await boundedBytes(answer);
  } catch (cause) {
    // The key opens the picture to whoever reads it: it is no part of what is told.
    throw doorError("server_away", { context: { serverUrl }, cause });
  }
}

/** null: more than any picture has. */
async function boundedBytes(answer: Response): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length;
    if (bytes > SHOWN_PICTURE_BYTES_MAX) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
