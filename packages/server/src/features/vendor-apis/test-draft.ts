import type { VendorPlaceholder, VendorSample, VendorTest } from "@postern/contract";
import type { Random } from "@postern/core";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import { apiRules } from "./api-rules.ts";
import { type CallDeps, callVendor, type VendorAnswer } from "./call-vendor.ts";
import type { VendorDraft } from "./draft.ts";
import { judgeAnswer } from "./judge-answer.ts";
import { PROOF_MS, SHOWN_BYTES_MAX, TEST_MS_MAX } from "./limits.ts";
import { drawMessageId } from "./message-id.ts";
import { requestBody } from "./request-body.ts";
import { proofOf } from "./test-proof.ts";

export interface TestDeps extends CallDeps {
  readonly random: Random;
  readonly proofKey: Uint8Array;
}

export interface Tested {
  readonly placeGroupId: number;
  readonly draft: VendorDraft;
  readonly sample: VendorSample;
  /** None where there are none yet. */
  readonly secrets: readonly Uint8Array[];
  readonly signal: AbortSignal;
}

const MEMBER: Readonly<Record<VendorPlaceholder, keyof VendorSample>> = {
  "{{DEVICE_SERIAL}}": "deviceSerial",
  "{{USER_KEY}}": "userKey",
  "{{CARD_NUMBER}}": "cardNumber",
  "{{UNIQUE_PIN}}": "uniquePin",
  "{{QR_CODE}}": "qrCode",
};

/** Asks as a door would, by values that somebody typed, and tells everything of the answer. It is a success once JSON comes back (CLUe §3). */
export async function testDraft(deps: TestDeps, tested: Tested): Promise<VendorTest> {
  const { draft, sample, secrets, signal } = tested;
  const { fields, judgment } = apiRules(draft);
  const samples = Object.entries(MEMBER).flatMap(([placeholder, member]) =>
    sample[member] === undefined ? [] : [[placeholder, sample[member]]],
  );
  const body = requestBody(fields, Object.fromEntries(samples));
  if (body.kind === "missing") {
    const problem = { field: `sample.${MEMBER[body.placeholder]}`, message: `is required: the request has ${body.placeholder}` };
    throw new NativeRefusal("argument_invalid", { problems: [problem] });
  }
  const call = { messageId: drawMessageId(deps.random), body: body.text, secrets, budgetMs: TEST_MS_MAX, signal };
  const answer = await callVendor(deps, { ...draft, statusCodes: judgment.statusCodes }, call);
  const { durationMs, status } = answer;
  if (answer.kind === "failed") return { ...NOTHING, ...shownBody(answer), status, durationMs, error: answer.because };
  const { isAllowed, because, message = null } = judgeAnswer(judgment, answer);
  const proofExpiresAt = deps.clock.nowMs() + PROOF_MS;
  return {
    ...NOTHING,
    ...shownBody(answer),
    ...{ success: true, status, durationMs, allowed: isAllowed, because, message },
    proof: proofOf(deps.proofKey, tested, proofExpiresAt),
    proofExpiresAt,
  };
}

const NOTHING = {
  ...{ success: false, status: null, body: null, isCut: false, error: null },
  ...{ allowed: null, because: null, message: null, proof: null, proofExpiresAt: null },
} as const;

/** As it came, as far as it is text. */
function shownBody(answer: VendorAnswer): Pick<VendorTest, "body" | "isCut"> {
  if (answer.body === null) return { body: null, isCut: false };
  const isCut = answer.body.length > SHOWN_BYTES_MAX || (answer.kind === "failed" && answer.isCut);
  const text = answer.body.subarray(0, SHOWN_BYTES_MAX).toString("utf8");
  return { body: text.toWellFormed(), isCut };
}
