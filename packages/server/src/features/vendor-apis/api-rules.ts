import type { VendorResult } from "@postern/contract";
import { assert } from "@postern/core";
import { type AnswerPath, readAnswerPath } from "./answer-path.ts";
import type { VendorDraft } from "./draft.ts";
import { type Constant, constantOf, type Judgment } from "./judge-answer.ts";
import type { RequestFields } from "./request-body.ts";

type Written = Pick<VendorDraft, "autoFields" | "manualFields" | "statusCodes" | "result" | "successMessage" | "failureMessage">;

/** What an API sends and how it judges, from what was checked when it was written. */
export interface ApiRules {
  readonly fields: RequestFields;
  readonly judgment: Judgment;
}

export function apiRules({ autoFields, manualFields, statusCodes, result, successMessage, failureMessage }: Written): ApiRules {
  return {
    fields: { autoFields, constants: manualFields.map((field) => ({ key: field.key, value: checkedConstant(field) })) },
    judgment: {
      statusCodes,
      result: result === null ? null : { path: checkedPath(result.key), value: checkedConstant(result) },
      successMessage: successMessage === null ? null : checkedPath(successMessage),
      failureMessage: failureMessage === null ? null : checkedPath(failureMessage),
    },
  };
}

function checkedPath(text: string): AnswerPath {
  const path = readAnswerPath(text);
  assert(path !== null, "the paths of an API were checked when they were written");
  return path;
}

function checkedConstant({ type, value }: Pick<VendorResult, "type" | "value">): Constant {
  const constant = constantOf(type, value);
  assert(constant !== null, "the constants of an API were checked when they were written");
  return constant;
}
