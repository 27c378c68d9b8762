import assert from "node:assert/strict";
import type { Answer } from "./feature-server.ts";

export interface Detail {
  readonly field: string;
  readonly message: string;
  readonly rejectedValue?: unknown;
  readonly authId?: number;
}

/** The one error of an answer in CLUe's form, whose status has to be right for it. */
export function refusal(answer: Answer): { readonly code: string; readonly message: string; readonly details: readonly Detail[] } {
  const { errors } = answer.body as { errors: { code: string; message: string; details?: Detail[] }[] };
  assert.ok(Array.isArray(errors), `an answer in CLUe's form: ${JSON.stringify(answer.body)}`);
  assert.equal(errors.length, 1);
  const [error] = errors;
  assert.ok(error !== undefined);
  assert.equal(answer.status, error.code === "e1000" ? 500 : 400, error.code);
  return { code: error.code, message: error.message, details: error.details ?? [] };
}

/** `e1006 user.key`: the code and the fields of a refusal. */
export function refusedFor(answer: Answer): string {
  const { code, details } = refusal(answer);
  return [code, ...details.map((detail) => detail.field)].join(" ");
}

/** The `data` of a success in CLUe's form. */
export function dataOf<Data>(answer: Answer): Data {
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  const { code, status, message, data } = answer.body as { code: number; status: boolean; message: string; data: Data };
  assert.deepEqual({ code, status, message }, { code: 200, status: true, message: "OK" });
  return data;
}
