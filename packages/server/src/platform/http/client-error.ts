import type { Socket } from "node:net";
import { ClueError, writeFailure } from "@postern/contract";

interface Answer {
  readonly statusLine: string;
  readonly message: string;
}

const ANSWERS: Readonly<Record<string, Answer | undefined>> = {
  HPE_HEADER_OVERFLOW: { statusLine: "431 Request Header Fields Too Large", message: "The address and headers are too long." },
  ERR_HTTP_REQUEST_TIMEOUT: { statusLine: "408 Request Timeout", message: "The request took too long to arrive." },
};

const NOT_HTTP: Answer = { statusLine: "400 Bad Request", message: "This is not a valid HTTP request." };

/**
 * Answers what never became a request, and closes. Its path is not known, so the body has CLUe's form: v2's clients read the status.
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const { statusLine, message } = ANSWERS[error.code ?? ""] ?? NOT_HTTP;
  const body = JSON.stringify(writeFailure(new ClueError("e1006", { message })));
  const head = [
    `HTTP/1.1 ${statusLine}`,
    "Content-Type: application/json; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}
