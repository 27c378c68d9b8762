import {
  PLACEHOLDER_OF_CREDENTIAL,
  type Problem,
  type Read,
  VENDOR_FIELDS_COUNT_MAX,
  type VendorAutoField,
  type VendorCredential,
  type VendorManualField,
  type VendorResult,
} from "@postern/contract";
import { readAnswerPath } from "./answer-path.ts";
import { constantOf } from "./judge-answer.ts";

export interface Header {
  readonly name: string;
  readonly value: string;
}

/** An API as a customer wrote it, whole and judged. The values of its headers are secrets. */
export interface VendorDraft {
  readonly name: string;
  readonly credential: VendorCredential;
  readonly url: string;
  readonly headers: readonly Header[];
  readonly autoFields: readonly VendorAutoField[];
  readonly manualFields: readonly VendorManualField[];
  readonly statusCodes: readonly number[];
  readonly result: VendorResult | null;
  readonly successMessage: string | null;
  readonly failureMessage: string | null;
}

/** The same before it was judged; what is left out is empty. */
export type WrittenApi = Pick<VendorDraft, "name" | "credential" | "url"> & {
  readonly [Name in keyof VendorDraft]?: VendorDraft[Name] | undefined;
};

/**
 * What an answer's form or a connection hangs on, and the signature's own. CLUe forbids the first two (CLUe §3); with the others a request could be read as
 * another one than was meant.
 */
const FORBIDDEN_HEADERS: ReadonlySet<string> = new Set([
  ...["content-type", "accept", "accept-encoding", "host", "content-length", "content-encoding", "transfer-encoding", "connection"],
  ...["keep-alive", "upgrade", "te", "trailer", "expect", "proxy-connection", "proxy-authorization", "range", "date"],
  ...["webhook-id", "webhook-timestamp", "webhook-signature"],
]);

type Refuse = (field: string, message: string, rejectedValue?: string) => void;

/** Judges what the form of a body does not say. `targetProblem`: what is wrong with the address. */
export function readDraft(body: WrittenApi, targetProblem: (url: string) => string | null): Read<VendorDraft> {
  const problems: Problem[] = [];
  const refuse: Refuse = (field, message, rejectedValue) =>
    void problems.push({ field, message, ...(rejectedValue === undefined ? {} : { rejectedValue }) });
  const draft: VendorDraft = {
    name: body.name,
    credential: body.credential,
    url: body.url,
    headers: body.headers ?? [],
    autoFields: body.autoFields ?? [],
    manualFields: body.manualFields ?? [],
    statusCodes: body.statusCodes ?? [],
    result: body.result ?? null,
    successMessage: body.successMessage ?? null,
    failureMessage: body.failureMessage ?? null,
  };
  const ofTarget = targetProblem(draft.url);
  if (ofTarget !== null) refuse("url", ofTarget);
  judgeHeaders(draft, refuse);
  judgeFields(draft, refuse);
  judgeJudgment(draft, refuse);
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: draft };
}

function judgeHeaders({ headers }: VendorDraft, refuse: Refuse): void {
  const met = new Set<string>();
  for (const [index, { name }] of headers.entries()) {
    const small = name.toLowerCase();
    const field = `headers[${index}].name`;
    if (FORBIDDEN_HEADERS.has(small)) refuse(field, "is a header that is set for every request, or that none may have", name);
    else if (met.has(small)) refuse(field, "names a header once more; capital and small letters are the same", name);
    met.add(small);
  }
}

function judgeFields({ credential, autoFields, manualFields }: VendorDraft, refuse: Refuse): void {
  const keys = new Set<string>();
  const placeholders = new Set<string>();
  const judgeKey = (field: string, key: string): void => {
    if (keys.has(key)) refuse(field, "is the name of another field already", key);
    keys.add(key);
  };
  for (const [index, { key, placeholder }] of autoFields.entries()) {
    const field = `autoFields[${index}]`;
    judgeKey(`${field}.key`, key);
    const isOfCredential = placeholder === "{{DEVICE_SERIAL}}" || placeholder === PLACEHOLDER_OF_CREDENTIAL[credential];
    if (!isOfCredential) refuse(`${field}.placeholder`, `is not known of ${credential}`, placeholder);
    else if (placeholders.has(placeholder)) refuse(`${field}.placeholder`, "is sent already", placeholder);
    placeholders.add(placeholder);
  }
  for (const [index, { key, type, value }] of manualFields.entries()) {
    const field = `manualFields[${index}]`;
    judgeKey(`${field}.key`, key);
    if (constantOf(type, value) === null) refuse(`${field}.value`, `is no ${type}`);
  }
  if (autoFields.length + manualFields.length > VENDOR_FIELDS_COUNT_MAX)
    refuse("manualFields", `and autoFields together must have at most ${VENDOR_FIELDS_COUNT_MAX} items`);
}

const PATH_RULE = "must be a path such as $.data.items[0]['is allowed']";

function judgeJudgment({ statusCodes, result, successMessage, failureMessage }: VendorDraft, refuse: Refuse): void {
  if (statusCodes.length === 0 && result === null) refuse("statusCodes", "or a result must say when an answer allows");
  if (result !== null) {
    if (readAnswerPath(result.key) === null) refuse("result.key", PATH_RULE, result.key);
    if (constantOf(result.type, result.value) === null) refuse("result.value", `is no ${result.type}`);
  }
  for (const [name, path] of Object.entries({ successMessage, failureMessage }))
    if (path !== null && readAnswerPath(path) === null) refuse(name, PATH_RULE, path);
}
