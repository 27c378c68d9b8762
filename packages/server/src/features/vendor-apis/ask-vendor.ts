import type { VendorPlaceholder } from "@postern/contract";
import { type Log, pause, type Random, type Timers } from "@postern/core";
import { type AskVendor, silentBecause, type VendorQuestion, type VendorVerdict } from "../../gateway/vendor-question.ts";
import type { Queryable } from "../../platform/database.ts";
import { openSecrets } from "../../platform/outgoing/signing-secret.ts";
import { apiRules } from "./api-rules.ts";
import { type AskedApi, findAsked } from "./asked-store.ts";
import { Breakers } from "./breaker.ts";
import { type CallDeps, callVendor, type VendorAnswer, type VendorCall } from "./call-vendor.ts";
import { judgeAnswer } from "./judge-answer.ts";
import { FAIR_CALL_MS, RETRY_PAUSE_MS, WAY_BACK_MS } from "./limits.ts";
import { drawMessageId } from "./message-id.ts";
import { requestBody } from "./request-body.ts";
import { openHeaders, secretOwner } from "./sealed-parts.ts";
import { Turns } from "./turns.ts";

export interface VendorAsksDeps extends CallDeps {
  readonly database: Queryable;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  /** Under which headers and secrets are sealed. */
  readonly secretKey: Uint8Array;
  /** Told of each question: `confirmed`, `refused`, or why there was silence. */
  readonly noteAsked?: (asked: { readonly placeGroupId: number | null; readonly outcome: string; readonly seconds: number }) => void;
}

/** A verdict, and what it is counted as. */
interface Settled {
  readonly verdict: VendorVerdict["verdict"];
  readonly because?: string;
  readonly status?: number | null;
  readonly tries?: number;
  readonly message?: string;
}

/** Asks customers' servers for doors: once for each question, within its time, and no customer's slowness is another's. */
export class VendorAsks {
  readonly #deps: VendorAsksDeps;
  readonly #breakers = new Breakers();
  readonly #turns: Turns;

  constructor(deps: VendorAsksDeps) {
    this.#deps = deps;
    this.#turns = new Turns(deps.timers);
  }

  /** Servers that are left alone because they did not answer. */
  get openBreakerCount(): number {
    return this.#breakers.openCount;
  }

  readonly ask: AskVendor = async (question, signal) => {
    const { clock, database, log, noteAsked } = this.#deps;
    const beganMs = clock.monotonicMs();
    const endMs = beganMs + question.budgetMs - Math.min(WAY_BACK_MS, question.budgetMs / 5);
    const api = await findAsked(database, question);
    const settled = api === null ? silent("no_api") : await this.#settle(api, question, { endMs, signal });
    const tookMs = clock.monotonicMs() - beganMs;
    const { verdict, because } = settled;
    noteAsked?.({
      placeGroupId: api?.placeGroupId ?? null,
      outcome: verdict === "silent" ? (because ?? verdict) : verdict,
      seconds: tookMs / 1_000,
    });
    // What was asked and answered is in no log: it names people, and may be a PIN.
    if (verdict === "silent") log.debug("vendor.silent", { vendorApiId: api?.vendorApiId ?? null, because, doorId: question.doorId });
    return api === null ? silentBecause("no_api") : verdictOf(api, settled, Math.round(tookMs));
  };

  async #settle(api: AskedApi, question: VendorQuestion, within: Within): Promise<Settled> {
    const { clock } = this.#deps;
    const prepared = this.#prepare(api, question);
    if (prepared.kind === "impossible") return silent(prepared.because);
    const customer = `${api.placeGroupId} ${new URL(api.url).host}`;
    // Before waiting for a turn too: whoever is left alone may hold all of them until they have timed out.
    if (this.#breakers.isShut(customer, clock.monotonicMs())) return silent("breaker_open");
    const waitMs = Math.max(0, within.endMs - clock.monotonicMs());
    const settled = await this.#turns.take(customer, waitMs, () => this.#askInTurn(customer, prepared, within));
    return settled ?? silent("busy");
  }

  async #askInTurn(customer: string, prepared: Prepared, within: Within): Promise<Settled> {
    const { clock } = this.#deps;
    const { isAdmitted, isProbe } = this.#breakers.admit(customer, clock.monotonicMs());
    if (!isAdmitted) return silent("breaker_open");
    const givenMs = within.endMs - clock.monotonicMs();
    const { answer, tries } = await this.#call(prepared, within);
    const outcome =
      within.signal.aborted || (isTimeout(answer) && givenMs < FAIR_CALL_MS) ? "unknown" : isAnswer(answer) ? "answered" : "failed";
    this.#breakers.settle(customer, { outcome, isProbe, nowMs: clock.monotonicMs() });
    if (answer.kind === "failed") return { ...silent(answer.because), status: answer.status, tries };
    const { isAllowed, because, message } = judgeAnswer(prepared.rules.judgment, answer);
    const told = { status: answer.status, tries, ...(message === undefined ? {} : { message }) };
    return isAllowed ? { verdict: "confirmed", ...told } : { verdict: "refused", because, ...told };
  }

  /** Once; a second time where no connection was made, and so nothing can have happened there. */
  async #call(
    { api, rules, call }: Prepared,
    { endMs, signal }: Within,
  ): Promise<{ readonly answer: VendorAnswer; readonly tries: number }> {
    const { clock, timers } = this.#deps;
    const target = { url: api.url, headers: call.headers, statusCodes: rules.judgment.statusCodes };
    const once = (): Promise<VendorAnswer> =>
      callVendor(this.#deps, target, { ...call, budgetMs: Math.max(1, endMs - clock.monotonicMs()), signal });
    const answer = await once();
    const leftMs = endMs - clock.monotonicMs();
    if (answer.kind === "answered" || !answer.isUnsent || leftMs < 2 * RETRY_PAUSE_MS) return { answer, tries: 1 };
    await pause(timers, "vendor retry", RETRY_PAUSE_MS, signal);
    return { answer: await once(), tries: 2 };
  }

  #prepare(api: AskedApi, question: VendorQuestion): (Prepared & { readonly kind: "prepared" }) | Impossible {
    const { secretKey, clock, random } = this.#deps;
    const secrets = openSecrets(secretOwner(secretKey, api.vendorApiId), api, clock.nowMs());
    const headers = openHeaders(secretKey, api.vendorApiId, api.headersSealed);
    if (secrets === null || headers === null) return { kind: "impossible", because: "secret_unreadable" };
    const rules = apiRules(api);
    const body = requestBody(rules.fields, valuesOf(api, question));
    if (body.kind === "missing") return { kind: "impossible", because: MISSING[body.placeholder] };
    return { kind: "prepared", api, rules, call: { messageId: drawMessageId(random), body: body.text, secrets, headers } };
  }
}

interface Within {
  readonly endMs: number;
  readonly signal: AbortSignal;
}

interface Prepared {
  readonly api: AskedApi;
  readonly rules: ReturnType<typeof apiRules>;
  readonly call: Omit<VendorCall, "budgetMs" | "signal"> & { readonly headers: ReturnType<typeof openHeaders> & object };
}

interface Impossible {
  readonly kind: "impossible";
  readonly because: string;
}

/** A request that is to tell what is not known is not sent. */
const MISSING: Readonly<Record<VendorPlaceholder, string>> = {
  "{{DEVICE_SERIAL}}": "no_device",
  "{{USER_KEY}}": "no_person",
  "{{CARD_NUMBER}}": "nothing_presented",
  "{{UNIQUE_PIN}}": "nothing_presented",
  "{{QR_CODE}}": "nothing_presented",
};

function valuesOf({ deviceSerial, userKey }: AskedApi, { presented }: VendorQuestion): Parameters<typeof requestBody>[1] {
  return {
    ...(deviceSerial === null ? {} : { "{{DEVICE_SERIAL}}": deviceSerial }),
    ...(userKey === null ? {} : { "{{USER_KEY}}": userKey }),
    // An API has the placeholder of its own type of credential alone.
    ...(presented === undefined ? {} : { "{{CARD_NUMBER}}": presented, "{{UNIQUE_PIN}}": presented, "{{QR_CODE}}": presented }),
  };
}

function silent(because: string): Settled {
  return { verdict: "silent", because };
}

function isTimeout(answer: VendorAnswer): boolean {
  return answer.kind === "failed" && answer.because === "timeout";
}

/** Whether anything came back: a server that answers what was not agreed is there, and costs nobody any time. */
function isAnswer(answer: VendorAnswer): boolean {
  return answer.kind === "answered" || answer.status !== null;
}

function verdictOf({ vendorApiId }: AskedApi, { verdict, because, status, tries, message }: Settled, vendorMs: number): VendorVerdict {
  const detail = {
    vendorApiId,
    ...(because === undefined ? {} : { vendorReason: because }),
    ...(status === undefined || status === null ? {} : { vendorStatus: status }),
    vendorMs,
    ...(tries === undefined ? {} : { vendorTries: tries }),
  };
  return { verdict, detail, ...(message === undefined ? {} : { message }) };
}
