// Made from packages/phone/page/page.ts by `npm run gen`.
import { QR_STEP_MS, qrSigned, qrStepAt, writeQrCode } from "./qr-code.js";
import { browserClock, later } from "./browser-time.js";
import { drawCode } from "./draw-code.js";
import {               KeptKeys, makeKey, signWith } from "./kept-keys.js";
import { PhoneClock } from "./phone-clock.js";
import {                             phoneView } from "./phone-view.js";
import { clockWarning, NO_SAFE_PLACE,                  wordsOf } from "./phone-words.js";
import { ServerCalls } from "./server-calls.js";
import { stayAwake } from "./stay-awake.js";

const QID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** How often the server is asked whether the code still holds: a withdrawn one opens nothing anyway. */
const LOOK_EVERY_MS = 30_000;

/** The page: asks the server, keeps the key, and draws a new code in each step. */
class Page {
           #qid        ;
           #keys          ;
           #calls             ;
           #clock            ;
  #key                 = null;
  #heard        = { kind: "away" };
  #shown                           = null;
  #step = -1;
  #cancelNext             = () => undefined;
  #isBusy = false;

  constructor(qid        , keys          ) {
    this.#qid = qid;
    this.#keys = keys;
    this.#clock = new PhoneClock(browserClock);
    this.#calls = new ServerCalls({ qid, clock: browserClock, phoneClock: this.#clock });
  }

  async start()                {
    this.#key = await this.#keys.find(this.#qid);
    // A phone that was opened before shows its code at once, and hears what the server says meanwhile.
    if (this.#key !== null) await this.#show();
    element("button").addEventListener("click", () => void this.#tap());
    document.addEventListener("visibilitychange", () => this.#seen());
    addEventListener("online", () => void this.#look());
    await this.#look();
    const again = ()       => {
      later(LOOK_EVERY_MS, () => void this.#look().finally(again));
    };
    again();
  }

  #seen()       {
    if (document.visibilityState !== "visible") return;
    this.#clock.slept();
    void this.#show();
    void this.#look();
  }

  async #look()                {
    await this.#take(await this.#calls.look());
  }

  /** Keeps what the server said, for when it is away. */
  async #take(heard       )                {
    this.#heard = heard;
    const key = this.#key;
    if (key !== null && heard.kind !== "away") {
      const told =
        heard.kind === "qr" ? { validFrom: heard.qr.validFrom, validTo: heard.qr.validTo, isWithdrawn: false } : { isWithdrawn: true };
      this.#key = { ...key, ...told };
      await this.#keys.put(this.#key);
    }
    await this.#show();
  }

  async #tap()                {
    if (this.#isBusy) return;
    this.#isBusy = true;
    element("button").setAttribute("aria-busy", "true");
    try {
      if (this.#heard.kind === "qr" && this.#heard.qr.boundTo === null) await this.#bind(this.#heard.qr);
      else await this.#look();
    } finally {
      this.#isBusy = false;
      element("button").removeAttribute("aria-busy");
    }
  }

  /** The key is kept before the server hears of it: an answer that is lost binds nothing to a key that nobody has. */
  async #bind({ validFrom, validTo }                                                          )                {
    const key = this.#key ?? { ...(await makeKey()), qid: this.#qid, validFrom, validTo, isWithdrawn: false };
    await this.#keys.put(key);
    this.#key = key;
    const heard = await this.#calls.bind(key.publicKey);
    await this.#take(heard);
    if (heard.kind === "qr" && heard.qr.boundTo !== null && heard.qr.boundTo !== key.mark) {
      this.#key = null;
      await this.#keys.remove(this.#qid);
      return;
    }
    void navigator.storage?.persist?.().catch(() => false);
  }

  async #show()                {
    const nowMs = this.#clock.nowMs();
    const view = phoneView({ kept: this.#key, heard: this.#heard, nowMs });
    if (view.kind !== this.#shown) show(view.kind, wordsOf(view, timeText));
    this.#shown = view.kind;
    showWarning(this.#clock.aheadMs());
    if (view.kind === "live" && this.#key !== null) await this.#draw(this.#key, qrStepAt(nowMs));
    this.#cancelNext();
    // To the next step, or to the moment at which a code that is not valid yet becomes so.
    this.#cancelNext = later(QR_STEP_MS - (this.#clock.nowMs() % QR_STEP_MS) + 5, () => void this.#show());
  }

  async #draw(key         , step        )                {
    if (step === this.#step) return;
    this.#step = step;
    const signature = await signWith(key, qrSigned({ qid: this.#qid, step }));
    drawCode(svg("code"), writeQrCode({ qid: this.#qid, step, signature }));
    restart(element("renewal"), this.#clock.nowMs() % QR_STEP_MS);
  }
}

function show(kind        , { title, text, button }            )       {
  document.body.dataset["view"] = kind;
  element("title").textContent = title;
  element("text").textContent = text;
  element("button").textContent = button ?? "";
  element("button").hidden = button === null;
}

function showWarning(aheadMs               )       {
  const warning = element("warning");
  const text = aheadMs === null ? "" : clockWarning(aheadMs);
  warning.hidden = aheadMs === null;
  if (warning.textContent !== text) warning.textContent = text;
}

/** The bar runs from where the step is to its end. */
function restart(bar             , elapsedMs        )       {
  for (const animation of bar.getAnimations()) animation.cancel();
  bar.animate([{ transform: "scaleX(1)" }, { transform: "scaleX(0)" }], { duration: QR_STEP_MS, delay: -elapsedMs, fill: "both" });
}

function timeText(ms        )         {
  return new Date(ms).toLocaleString(undefined, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
}

function element(id        )              {
  const found = document.getElementById(id);
  // The page and this script come together: one without the other shows nothing anyway.
  return found ?? document.body;
}

function svg(id        )             {
  const found = document.getElementById(id);
  return found instanceof SVGElement ? found : document.createElementNS("http://www.w3.org/2000/svg", "svg");
}

async function begin()                {
  const qid = new URLSearchParams(location.search).get("qid")?.toLowerCase() ?? "";
  if (!QID.test(qid)) return show("wrong_link", wordsOf({ kind: "wrong_link" }, timeText));
  void navigator.serviceWorker?.register("dynamic/worker.js", { scope: "dynamic", type: "module" }).catch(() => undefined);
  try {
    if (!isSecureContext) return show("no_safe_place", NO_SAFE_PLACE);
    const page = new Page(qid, await KeptKeys.open());
    stayAwake();
    await page.start();
  } catch {
    show("no_safe_place", NO_SAFE_PLACE);
  }
}

void begin();
