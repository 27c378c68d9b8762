// Receives a Postern webhook, verifies it, and takes each event once. Node 20 or later; nothing to install.
// WEBHOOK_SECRET=whsec_… node receiver.mjs
// With HEADS_FILE it keeps the signed ends of the ledger, which `postern ledger verify --heads` holds a ledger to.
import { createHmac, timingSafeEqual } from "node:crypto";
import { appendFile } from "node:fs/promises";
import { createServer } from "node:http";

const secret = Buffer.from((process.env.WEBHOOK_SECRET ?? "").replace(/^whsec_/, ""), "base64");
const port = Number(process.env.PORT ?? 9000);
const headsFile = process.env.HEADS_FILE;

/** As Standard Webhooks has it: any of the signatures will do, and a message older than five minutes is somebody's recording. */
function isGenuine(headers, body) {
  const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures = "" } = headers;
  if (Math.abs(Date.now() / 1_000 - Number(timestamp)) > 300) return false;
  const wanted = createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest();
  return signatures.split(" ").some((signature) => {
    const given = Buffer.from(signature.replace(/^v1,/, ""), "base64");
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  });
}

// Keep these in your database, in the transaction in which you take the events.
const taken = new Set();

createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  if (!isGenuine(request.headers, body)) return response.writeHead(401).end();
  const id = request.headers["webhook-id"];
  if (!taken.has(id)) {
    const { type, data } = JSON.parse(body);
    console.log(`${type} ${id} with ${data.events.length}`);
    for (const event of data.events) console.log(`  ${event.eventType} ${event.doorName ?? ""} ${event.userId ?? ""}`.trimEnd());
    if (headsFile !== undefined && data.head !== undefined) await appendFile(headsFile, `${JSON.stringify(data.head)}\n`);
    taken.add(id);
  }
  // Only now: what is not answered with 2xx within 15 seconds is sent again.
  response.writeHead(204).end();
}).listen(port, "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${port}/`));
