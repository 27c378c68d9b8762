import { isDeepStrictEqual } from "node:util";
import type { TSchema } from "typebox";
import { Errors } from "typebox/value";
import type { Answer } from "./clue-client.ts";

/** What a case demanded and did not get. */
export class Unmet extends Error {
  readonly expected: string;
  readonly received: string;

  constructor(what: string, expected: unknown, received: unknown) {
    super(what);
    this.expected = shown(expected);
    this.received = shown(received);
  }
}

/** A case that cannot be asked of this server, and why. */
export class Skipped extends Error {}

export function expectEqual(what: string, received: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(received, expected)) throw new Unmet(what, expected, received);
}

export function expectThat(what: string, isSo: boolean, received: unknown): void {
  if (!isSo) throw new Unmet(what, what, received);
}

/** Narrows to what the schema says; names the first member that is not. */
export function expectShape(what: string, value: unknown, schema: TSchema): void {
  const [first] = Errors(schema, value);
  if (first !== undefined) throw new Unmet(`${what}${first.instancePath.replaceAll("/", ".")} ${first.message}`, first.message, value);
}

/** A member of something that is an object, however deep: `data.auth.credentials`. */
export function at(value: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((inside, name) => (typeof inside === "object" && inside !== null ? Reflect.get(inside, name) : undefined), value);
}

export function numberAt(value: unknown, path: string): number {
  const found = at(value, path);
  if (typeof found !== "number") throw new Unmet(`${path} is a number`, "a number", found);
  return found;
}

export function textAt(value: unknown, path: string): string {
  const found = at(value, path);
  if (typeof found !== "string") throw new Unmet(`${path} is a text`, "a text", found);
  return found;
}

export function listAt(value: unknown, path: string): readonly unknown[] {
  const found = at(value, path);
  if (!Array.isArray(found)) throw new Unmet(`${path} is a list`, "a list", found);
  return found;
}

/** 200 with CLUe's envelope; the answer's `data`. */
export function expectSuccess(answer: Answer): unknown {
  expectEqual("the status is 200", answer.status, 200);
  expectThat(
    "the answer is JSON",
    /^application\/json\b/i.test(answer.headers.get("content-type") ?? ""),
    answer.headers.get("content-type"),
  );
  expectEqual("code is 200", at(answer.body, "code"), 200);
  expectEqual("status is true", at(answer.body, "status"), true);
  return at(answer.body, "data");
}

/** CLUe documents 400 and 500 alone, and a list of errors with codes. */
export function expectRefused(answer: Answer, codes: string | readonly string[], field?: string): void {
  const wanted = typeof codes === "string" ? [codes] : codes;
  expectThat("the status is 400", answer.status === 400 || (answer.status === 401 && wanted.includes("e1001")), answer.status);
  const errors = listAt(answer.body, "errors");
  const code = at(errors[0], "code");
  expectThat(
    `the code is ${wanted.join(" or ")}`,
    wanted.some((each) => each === code),
    answer.body,
  );
  expectEqual("message is a text", typeof at(errors[0], "message"), "string");
  if (field === undefined) return;
  const details = listAt(errors[0], "details");
  expectThat(
    `details name ${field}`,
    details.some((detail) => at(detail, "field") === field),
    details,
  );
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
}
