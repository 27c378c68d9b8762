import { createReadStream } from "node:fs";

/** Far more than an event can have; a file without line ends is none of ours. */
const LINE_BYTES_MAX = 256 * 1024;

const LINE_FEED = 0x0a;

/** The lines of a file as bytes, without their ends; the last one may lack its own. A line that is too long comes cut, so that nobody takes it for anything. */
export async function* fileLines(path: string): AsyncGenerator<Buffer, void, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  const chunks: AsyncIterable<Buffer> = createReadStream(path);
  for await (const chunk of chunks) {
    let bytes = Buffer.concat([rest, chunk]);
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED)) {
      yield bytes.subarray(0, end);
      bytes = bytes.subarray(end + 1);
    }
    rest = bytes;
    if (rest.length > LINE_BYTES_MAX) {
      yield rest;
      return;
    }
  }
  if (rest.length > 0) yield rest;
}
