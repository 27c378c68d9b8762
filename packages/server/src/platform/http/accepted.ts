import { ClueError, type Read } from "@postern/contract";

/** What was read of a request, or the refusal that names everything wrong with it (`e1005`; on v2 `argument_invalid`). */
export function accepted<Value>(read: Read<Value>): Value {
  if (read.ok) return read.value;
  throw new ClueError("e1005", { details: read.problems });
}
