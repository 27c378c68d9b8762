import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Ended, postern, ROOT, type Running, runPostern, until, whenWritten } from "./support/postern-process.ts";

const json = (body: object, status = 200): RequestListener => {
  return (_request, response) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
};
const YES = json({ allowed: true, text: "Welcome" });

/** What the customer's own server does, what the door says then, and why, in the event. */
const ANSWERS: readonly {
  readonly name: string;
  readonly answer: RequestListener;
  readonly reason: "vendor_refused" | "vendor_silent";
  readonly vendorReason: string;
  readonly words: RegExp;
}[] = [
  {
    name: "says no",
    answer: json({ allowed: false, text: "No membership" }),
    reason: "vendor_refused",
    ...{ vendorReason: "result_differs", words: /answered 200 after \d+ ms: what was agreed on has another value/ },
  },
  {
    name: "says yes in another type",
    answer: json({ allowed: "true" }),
    reason: "vendor_refused",
    ...{ vendorReason: "result_of_other_type", words: /is of another type/ },
  },
  {
    name: "answers in HTML",
    answer: (_request, response) => response.writeHead(200, { "content-type": "text/html" }).end("<p>Hello</p>"),
    reason: "vendor_silent",
    ...{ vendorReason: "wrong_type", words: /answered 200 after \d+ ms: its answer was not application\/json/ },
  },
  {
    name: "answers what is no JSON",
    answer: (_request, response) => response.writeHead(200, { "content-type": "application/json" }).end("{"),
    reason: "vendor_silent",
    ...{ vendorReason: "not_json", words: /its answer was no JSON/ },
  },
  {
    name: "sends us elsewhere",
    answer: (_request, response) => response.writeHead(307, { location: "/elsewhere", "content-type": "application/json" }).end("{}"),
    reason: "vendor_silent",
    ...{ vendorReason: "redirected", words: /nobody is asked there/ },
  },
  {
    name: "answers with ten megabytes",
    answer: (_request, response) => {
      response.on("error", () => undefined);
      response.writeHead(200, { "content-type": "application/json" }).end(`{"allowed":true,"text":"${"x".repeat(10 * 1_048_576)}"}`);
    },
    reason: "vendor_silent",
    ...{ vendorReason: "too_large", words: /its answer was too large/ },
  },
  {
    name: "hangs up",
    answer: (request) => request.socket.destroy(),
    reason: "vendor_silent",
    ...{ vendorReason: "unreachable", words: /gave no answer after \d+ ms/ },
  },
  {
    name: "does not answer",
    answer: () => undefined,
    reason: "vendor_silent",
    ...{ vendorReason: "timeout", words: /gave no answer after \d+ ms.*: it did not answer in time/ },
  },
];

describe("the customer's own server and a door, the whole way", () => {
  let folder: string;
  let server: Running;
  let vendor: Server;
  let answer: RequestListener = YES;
  let callCount = 0;
  let cardNumber = 12_345;

  const command = (...args: string[]): Promise<Ended> => postern(args, { POSTERN_DATA_DIR: join(folder, "data") });
  const made = async (...args: string[]): Promise<Record<string, unknown>> => {
    const { code, stdout, stderr } = await command(...args, "--json");
    assert.equal(code, 0, `${args.join(" ")}\n${stdout}${stderr}`);
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  const present = async (card: number): Promise<Record<string, unknown>> => {
    const { stdout } = await command("door", "present", "--door", "234", "--card", String(card), "--json");
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  const newestOf = async (eventType: string): Promise<Record<string, unknown> & { readonly logId: string }> => {
    const { stdout } = await command("events", "--json", "--types", eventType);
    const events = stdout
      .trim()
      .split("\n")
      .filter((line) => line !== "");
    return JSON.parse(events.at(-1) ?? "{}");
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "postern-vendor-"));
    vendor = createServer((request, response) => {
      callCount += 1;
      answer(request, response);
    });
    await new Promise<void>((resolve) => void vendor.listen(0, "127.0.0.1", resolve));
    const host = `http://127.0.0.1:${(vendor.address() as AddressInfo).port}`;
    const settings = {
      POSTERN_HTTP_PORT: "0",
      POSTERN_MQTT_PORT: "0",
      POSTERN_DATA_DIR: join(folder, "data"),
      POSTERN_OUTGOING_HOSTS: host,
    };
    server = runPostern(["start"], settings);
    await whenWritten(server, "Ready.");
    const api: object = JSON.parse(await readFile(join(ROOT, "examples/vendor/api.json"), "utf8"));
    const path = join(folder, "api.json");
    await writeFile(path, JSON.stringify({ ...api, url: `${host}/doors` }));
    const { proof } = await made("vendor-api", "try", "--body", `@${path}`, "--device-serial", "900000001", "--card-number", "12345");
    const { vendorApiId } = await made("vendor-api", "create", "--body", `@${path}`, "--proof", String(proof));
    await made("vendor-mapping", "change", "--access-type", "VENDOR", "--card", String(vendorApiId));
    // Until the door has heard of it nobody is asked, and a card that nobody knows is nobody's.
    await until("the door asks", async () => {
      cardNumber += 1;
      return (await present(cardNumber))["outcome"] === "opened";
    });
  });

  after(async () => {
    server.process.kill("SIGTERM");
    await server.ended;
    vendor.closeAllConnections();
    vendor.close();
    await rm(folder, { recursive: true, force: true });
  });

  test("a card that only the customer knows opens with their word on the device, and the log names neither", async () => {
    answer = YES;
    cardNumber += 1;
    const { code, stdout } = await command("door", "present", "--door", "234", "--card", String(cardNumber));
    assert.equal(code, 0);
    assert.match(stdout, /Door 234 is open\.\nThe device shows: Welcome\n/);
    const event = await newestOf("VENDOR_AUTH_SUCCESS");
    assert.ok(!JSON.stringify(event).includes(String(cardNumber)));
    assert.match(String((await made("explain", event.logId))["text"]), /The customer's server \(API \d+\) answered 200 after \d+ ms/);
  });

  for (const { name, answer: given, reason, vendorReason, words } of ANSWERS)
    test(`a customer's server that ${name} opens nothing, and the event says why`, async () => {
      answer = given;
      cardNumber += 1;
      const before = callCount;
      const told = await present(cardNumber);
      assert.deepEqual([told["outcome"], told["reason"]], ["refused", reason]);
      assert.ok(callCount - before <= 1, "one call");
      let found: Record<string, unknown> = {};
      await until("the event", async () => {
        const event = await newestOf("VENDOR_AUTH_FAIL");
        found = event.logId === undefined ? {} : await made("explain", event.logId);
        return (found["detail"] as Record<string, unknown> | undefined)?.["vendorReason"] === vendorReason;
      });
      const { vendorMs } = found["detail"] as Record<string, unknown>;
      assert.ok(Number(vendorMs) < 3_000, "within the door's time");
      assert.match(String(found["text"]), words);
      answer = YES;
    });
});
