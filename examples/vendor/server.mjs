// Says for Postern's doors who may pass. Node 20 or later; nothing to install.
// VENDOR_SECRET=whsec_… node server.mjs          (without a secret it believes whoever asks: for the first test alone)
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const secret = Buffer.from((process.env.VENDOR_SECRET ?? "").replace(/^whsec_/, ""), "base64");
const port = Number(process.env.PORT ?? 9001);

/** Who may pass, by the card's number; yours come from your own database. */
const members = new Map([
  ["12345", { name: "Ada", isPaid: true }],
  ["777123", { name: "Bob", isPaid: false }],
]);

/** As Standard Webhooks has it: any of the signatures will do, and a question older than five minutes is somebody's recording. */
function isGenuine(headers, body) {
  if (secret.length === 0) return true;
  const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures = "" } = headers;
  if (!(Math.abs(Date.now() / 1_000 - Number(timestamp)) <= 300)) return false;
  const wanted = createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest();
  return signatures.split(" ").some((signature) => {
    const given = Buffer.from(signature.replace(/^v1,/, ""), "base64");
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  });
}

function answer(response, status, json) {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
}

const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  if (!isGenuine(request.headers, body)) return answer(response, 401, { allowed: false, text: "Who asks?" });
  const { deviceId, rfCard } = JSON.parse(body);
  const member = members.get(rfCard);
  const allowed = member?.isPaid === true;
  console.log(`${deviceId} asks for card ${rfCard}: ${allowed ? "yes" : "no"}`);
  answer(response, 200, { allowed, text: allowed ? `Welcome, ${member.name}` : "Please see the reception" });
});
server.listen(port, "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${server.address().port}/`));
