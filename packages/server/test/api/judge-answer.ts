import { CLUE_CODES, FailureEnvelope, NATIVE_CODES, type OperationSpec, ProblemDocument } from "@postern/contract";
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import type { ApiAnswer } from "./api-world.ts";
import type { FuzzedRequest, Operation } from "./requests.ts";

type Check = (value: unknown) => boolean;

const checks = new Map<TSchema, Check>();

function isOf(schema: TSchema, value: unknown): boolean {
  const known = checks.get(schema);
  if (known !== undefined) return known(value);
  const compiled = Compile(schema);
  checks.set(schema, (each) => compiled.Check(each));
  return compiled.Check(value);
}

/** What is wrong with an answer, whatever was asked; null when it is as the contract says. */
export function faultOf({ operation, text }: FuzzedRequest, answer: ApiAnswer, changes: readonly string[]): string | null {
  const isRefused = answer.status >= 400;
  const fault = isRefused ? faultOfRefusal(operation, answer) : faultOfSuccess(operation, answer);
  if (fault !== null) return fault;
  if (isRefused && changes.length > 0 && !MAY_LEAVE_A_TRACE.has(operation.id)) return `a refusal changed ${tablesOf(changes)}`;
  const secret = secretsOf(text).find((each) => answer.text.includes(each));
  return secret === undefined ? null : "the answer repeats a secret";
}

/** Without the counts, which differ from time to time: the same fault has the same name when it is asked again. */
function tablesOf(changes: readonly string[]): string {
  return [...new Set(changes.map((change) => change.replace(/:.*/, "")))].join(", ");
}

/** A wrong claim code costs one of its tries; a unique PIN that was found taken is written down as a guess; rows before one that ends the file are done. */
const MAY_LEAVE_A_TRACE: ReadonlySet<string> = new Set([
  "importAuths",
  "claimController",
  "createAuth",
  "changeAuth",
  "replaceAuth",
  "replaceAuthShort",
]);

function faultOfSuccess({ spec, surface }: Operation, { status, body, text, headers }: ApiAnswer): string | null {
  if (status === 304) return text === "" ? null : "304 has a body";
  const wanted = surface === "v1" ? 200 : (spec as OperationSpec).status;
  if (status !== wanted) return `success is ${wanted}`;
  if ("answerMedia" in spec && spec.answerMedia !== undefined)
    return String(headers["content-type"]).startsWith(spec.answerMedia.replace("*", "")) ? null : `it is no ${spec.answerMedia}`;
  if (spec.answer === null) return text === "" ? null : "there is a body";
  return isOf(spec.answer, body) ? null : "the answer is not of its schema";
}

function faultOfRefusal(operation: Operation, { status, body, headers }: ApiAnswer): string | null {
  const { spec, surface } = operation;
  if (!isOf(surface === "v1" ? FailureEnvelope : ProblemDocument, body)) return "the refusal is not of its schema";
  const code: string = surface === "v1" ? body.errors[0].code : body.code;
  if (status >= 500 && code !== "device_offline") return "it is our own fault";
  const errors: readonly string[] = spec.errors;
  const isDescribed =
    errors.includes(code) || COMMON[surface].has(code) || code.startsWith("claim_") || impliedBy(operation).includes(code);
  if (!isDescribed) return `${code} is not described`;
  if (code === "too_many_requests" || code === "e1010") return "retry-after" in headers ? null : "no word of when to try again";
  const known: Readonly<Record<string, { readonly status: number }>> = surface === "v1" ? CLUE_CODES : NATIVE_CODES;
  // A claim's own codes are the link's, which know no status.
  return (known[code]?.status ?? 400) === status ? null : `${code} is not ${status}`;
}

/** As the description has it of an operation's headers; and a key can be asked for beyond one's own. */
function impliedBy({ id, spec }: Operation): readonly string[] {
  if (id === "mintKey") return ["not_permitted"];
  return [
    ...("isIdempotent" in spec ? ["conflict"] : []),
    ...("isVersioned" in spec && spec.method !== "GET" ? ["changed_meanwhile"] : []),
  ];
}

const COMMON: Readonly<Record<"v1" | "v2", ReadonlySet<string>>> = {
  v1: new Set(["e1003", "e1004", "e1005", "e1006", "e1007", "e1010"]),
  v2: new Set(["argument_invalid", "body_malformed", "body_too_large", "media_type_unsupported", "too_many_requests"]),
};

/** Long enough not to stand in an answer by chance. */
const SECRET = /"(?:pin|uniquePin|fingerData|code)":"([^"\\]{10,})"/g;

function secretsOf(text: string | undefined): readonly string[] {
  return [...(text ?? "").matchAll(SECRET)].map(([, secret = ""]) => secret);
}
