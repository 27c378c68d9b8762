import { createConnection } from "node:net";
import { CodedError } from "@postern/core";
import { DOOR_CODES, doorError } from "../../errors.ts";
import { CONTROL_ANSWER_BYTES_MAX } from "../../limits.ts";
import { type ControlRequest, type ControlResults, readControlAnswer } from "./control-protocol.ts";
import { LineReader } from "./line-reader.ts";

/**
 * Asks the virtual driver behind a socket. Errors: `virtual_driver_away` when it cannot be reached or does not answer within `timeoutMs`, else what
 * it answers with (`door_unknown`, `request_malformed`).
 */
export async function askVirtualDriver<Request extends ControlRequest>(
  socketPath: string,
  request: Request,
  { timeoutMs }: { readonly timeoutMs: number },
): Promise<ControlResults[Request["op"]]> {
  const line = await exchangeLine(socketPath, JSON.stringify(request), timeoutMs);
  const answer = readControlAnswer(line);
  if (answer === null) throw doorError("virtual_driver_away", { context: { socketPath, because: "answer_malformed" } });
  if (!answer.ok) throw codedError(answer.error);
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: both ends of this socket are of this package and of one release; the owner alone may open it.
  return answer.result as ControlResults[Request["op"]];
}

function exchangeLine(socketPath: string, request: string, timeoutMs: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const away = (cause?: unknown): void => reject(doorError("virtual_driver_away", { context: { socketPath }, cause }));
  const lines = new LineReader(CONTROL_ANSWER_BYTES_MAX);
  const socket = createConnection(socketPath, () => socket.write(`${request}\n`));
  socket.setTimeout(timeoutMs, () => socket.destroy(doorError("virtual_driver_away", { context: { socketPath, timeoutMs } })));
  socket.on("error", away);
  socket.on("close", () => away());
  socket.on("data", (chunk: Buffer) => {
    const [line] = lines.read(chunk) ?? [];
    if (line === undefined) return;
    resolve(line);
    socket.destroy();
  });
  return promise;
}

function codedError({ code, message }: { readonly code: string; readonly message: string }): CodedError {
  const spec = Object.entries(DOOR_CODES).find(([known]) => known === code)?.[1];
  return new CodedError(code, { class: spec?.class ?? "permanent", summary: message });
}
