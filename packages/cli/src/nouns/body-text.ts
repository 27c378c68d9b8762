import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { failure } from "../failure.ts";

/** `--body`: JSON itself, `@file`, or `-` for what comes in; the other options are laid over it. Nobody sees it among the machine's processes when it comes in. */
export async function bodyText(given: string | undefined): Promise<Record<string, unknown>> {
  if (given === undefined) return {};
  const written = given === "-" ? await text(process.stdin) : given.startsWith("@") ? await fileText(given.slice(1)) : given;
  try {
    const value: unknown = JSON.parse(written);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Said below, without repeating what may hold a PIN.
  }
  throw failure("argument_invalid", "--body takes a JSON object, @ and the name of a file that holds one, or - for what comes in.");
}

function fileText(name: string): Promise<string> {
  return readFile(name, "utf8").catch((cause: unknown) => {
    throw failure("file_unreadable", `--body: ${name} cannot be read.`, cause);
  });
}
