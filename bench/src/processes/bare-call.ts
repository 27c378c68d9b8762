import { Agent, request } from "node:http";

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** What a door's question costs without a door: the same request on a connection that is kept. */
export function bareCall(url: string): Promise<void> {
  const body = '{"deviceId":"800000000","rfCard":"12345"}';
  const headers = { "content-type": "application/json", accept: "application/json", "content-length": String(body.length) };
  return new Promise((resolve, reject) => {
    const sending = request(url, { method: "POST", agent, headers }, (response) => {
      response.resume();
      response.once("end", resolve);
      response.once("error", reject);
    });
    sending.once("error", reject);
    sending.end(body);
  });
}

export function endBareCalls(): void {
  agent.destroy();
}
