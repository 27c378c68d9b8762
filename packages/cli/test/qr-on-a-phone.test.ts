import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import type { ClueDynamicQr, PlaceSync } from "@postern/contract";
import type { PresentResult } from "@postern/door";
import { askVirtualDriver } from "@postern/door/ask-virtual-driver";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { pasted, type Running, runPostern, until, whenWritten } from "./support/postern-process.ts";

const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
const DAY_MS = 86_400_000;
const PERSON = "guest.1";

describe("a dynamic QR, from its link on a phone to a door that opens once", () => {
  let folder: string;
  let server: Running;
  let socketPath: string;
  let demo: {
    readonly controllerSerial: string;
    readonly baseUrl: string;
    readonly apiKey: string;
    readonly placeGroupId: number;
    readonly placeId: number;
  };
  let browser: Browser | null = null;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "postern-qr-"));
    server = runPostern(["start"], { POSTERN_HTTP_PORT: "0", POSTERN_MQTT_PORT: "0", POSTERN_DATA_DIR: join(folder, "data") });
    await whenWritten(server, "Ready.");
    demo = JSON.parse(await readFile(join(folder, "data", "demo.json"), "utf8"));
    const control = join(folder, "data", "controllers", demo.controllerSerial, "control.json");
    socketPath = JSON.parse(await readFile(control, "utf8")).socketPath;
    const executablePath = (await pasted("command -v chromium")).stdout.trim();
    // As root Chromium has no sandbox of its own.
    if (executablePath !== "") browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  });
  after(async () => {
    await browser?.close();
    server.process.kill("SIGTERM");
    await server.ended;
    await rm(folder, { recursive: true, force: true });
  });

  async function call<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await fetch(demo.baseUrl + path, {
      method,
      headers: { authorization: `Bearer ${demo.apiKey}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  }

  async function issue(): Promise<ClueDynamicQr> {
    const now = Date.now();
    const body = { placeGroupId: demo.placeGroupId, uniqueKey: PERSON, validFrom: now - 1_000, validTo: now + DAY_MS };
    return (await call<{ data: ClueDynamicQr }>("POST", "/v1/dynamic-qrs", body)).data;
  }

  /** Until the doors hold what the server has. */
  async function untilSynced(): Promise<void> {
    await until("the doors have it", async () => {
      const { revision, confirmedByAll } = await call<PlaceSync>("GET", `/v2/places/${demo.placeId}/sync`);
      return confirmedByAll === revision;
    });
  }

  async function open(context: BrowserContext, url: string): Promise<Page> {
    const page = await context.newPage();
    await page.goto(url);
    return page;
  }

  const shows = (page: Page, view: string): Promise<unknown> => page.waitForSelector(`body[data-view="${view}"]`);
  async function tap(page: Page): Promise<void> {
    await shows(page, "tap");
    await page.getByRole("button", { name: "Use this phone" }).tap();
    await shows(page, "live");
  }

  let pictureCount = 0;
  /** What a camera before the phone's screen takes, as soon as the next code is there. */
  async function photograph(page: Page): Promise<string> {
    pictureCount += 1;
    const path = join(folder, `phone-${pictureCount}.png`);
    const before = await page.locator("#code path").getAttribute("d");
    await page.waitForSelector(`#code path:not([d="${before}"])`);
    await writeFile(path, await page.screenshot());
    return path;
  }

  async function present(qrPicture: string, doorId = 234): Promise<Pick<PresentResult, "outcome" | "reason">> {
    return askVirtualDriver(socketPath, { op: "present", doorId, qrPicture }, { timeoutMs: 20_000 });
  }

  function needsBrowser(context: TestContext): Browser | null {
    if (browser === null) context.skip("chromium is not installed");
    return browser;
  }

  test("the first phone that taps shows a code that opens a door once, also without a network, until it is taken away", async (context) => {
    const chrome = needsBrowser(context);
    if (chrome === null) return;
    await call("POST", `/v1/places/${demo.placeId}/auths`, {
      user: { key: PERSON },
      auth: {
        ...{ activeStatus: "ACTIVE", startTime: 0, endTime: 2_147_353_200_000, doorAccessType: "ALL_DOOR", scheduleType: "ALWAYS" },
        credentials: { name: "Guest" },
      },
    });
    const qr = await issue();
    const phone = await chrome.newContext(PHONE);
    const other = await chrome.newContext(PHONE);
    // Whoever only looks, as a preview of the link does, takes nothing away from the person.
    await shows(await open(other, qr.dynamicQrUrl), "tap");
    const page = await open(phone, qr.dynamicQrUrl);
    await tap(page);
    await untilSynced();

    const picture = await photograph(page);
    assert.equal((await present(picture)).outcome, "opened");
    assert.deepEqual([(await present(picture)).reason, (await present(picture, 235)).reason], ["qr_used", "qr_used"]);

    const late = await open(other, qr.dynamicQrUrl);
    await shows(late, "other_phone");
    assert.match((await late.textContent("main")) ?? "", /another phone[\s\S]*ask for a new link/i);

    // The worker keeps the page: without it an offline reload is the browser's own error page.
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)");
    await phone.setOffline(true);
    await page.reload();
    await shows(page, "live");
    assert.equal((await present(await photograph(page))).outcome, "opened", "the next code, made without a network");

    await call("DELETE", `/v1/dynamic-qrs/${qr.dynamicQrId}`);
    await untilSynced();
    assert.deepEqual(
      (await present(await photograph(page))).reason,
      "unknown",
      "a phone that has not heard of it shows a code that opens nothing",
    );
    await phone.setOffline(false);
    await page.reload();
    await shows(page, "withdrawn");
    await phone.close();
    await other.close();
  });

  test("a phone whose clock is wrong says so, and its code opens while it has a network", async (context) => {
    const chrome = needsBrowser(context);
    if (chrome === null) return;
    const { dynamicQrUrl } = await issue();
    const phone = await chrome.newContext({ ...PHONE, colorScheme: "dark" });
    await phone.addInitScript(() => {
      const right = Date.now.bind(Date);
      Date.now = () => right() + 90_000;
    });
    const page = await open(phone, dynamicQrUrl);
    await tap(page);
    assert.match((await page.getByRole("alert").textContent()) ?? "", /90 seconds ahead/);
    await untilSynced();
    assert.equal((await present(await photograph(page))).outcome, "opened");
    await phone.close();
  });

  test("everything on the page has a name, and nothing is asked of anybody else", async (context) => {
    const chrome = needsBrowser(context);
    if (chrome === null) return;
    const phone = await chrome.newContext(PHONE);
    const asked: string[] = [];
    const said: string[] = [];
    phone.on("request", (request) => asked.push(new URL(request.url()).origin));
    phone.on("console", (message) => said.push(message.text()));
    const page = await open(phone, (await issue()).dynamicQrUrl);
    await tap(page);
    assert.equal(await page.getByRole("img", { name: /door code/i }).count(), 1);
    assert.equal(await page.getByRole("heading", { level: 1 }).textContent(), "Hold this code to the reader");
    assert.deepEqual([...new Set(asked)], [demo.baseUrl]);
    assert.deepEqual(said, [], "the page's policy stands in nothing's way");
    await phone.close();
  });
});
