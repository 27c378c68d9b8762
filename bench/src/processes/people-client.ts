import { Agent, type RequestOptions, request } from "node:http";

/** Where an integration's client calls, and with what key. */
export interface ApiAddress {
  readonly baseUrl: string;
  readonly key: string;
}

/** One client with one connection, as an integrator's loop has it. */
export class PeopleClient {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #address: ApiAddress;

  constructor(address: ApiAddress) {
    this.#address = address;
  }

  /** Enrols one new person with one new card; returns the authId. */
  enrol(number: number): Promise<number> {
    return this.#enrol(number, { cards: [{ cardNumber: String(3_000_000_000 + number), formatType: "CSN" }] });
  }

  /** Enrols one new person with a photo, as base64; returns the authId. */
  enrolFace(number: number, photo: string): Promise<number> {
    return this.#enrol(number, { faceImages: [photo] });
  }

  async #enrol(number: number, of: object): Promise<number> {
    const credentials = { name: "Bench Person", ...of };
    const auth = {
      startTime: 1_700_000_000_000,
      endTime: 2_000_000_000_000,
      doorAccessType: "ALL_DOOR",
      scheduleType: "ALWAYS",
      credentials,
      activeStatus: "ACTIVE",
    };
    const answer = await this.#call("POST", "/v1/places/178/auths", JSON.stringify({ user: { key: `bench-${number}` }, auth }));
    const value: { data?: { authId?: number } } = JSON.parse(answer);
    if (value.data?.authId === undefined) throw new TypeError(answer.slice(0, 200));
    return value.data.authId;
  }

  async revoke(authId: number): Promise<void> {
    const answer = await this.#call("DELETE", `/v1/places/auths/${authId}`, "");
    if (answer.includes('"code"') && answer.includes('"details"')) throw new TypeError(answer.slice(0, 200));
  }

  close(): void {
    this.#agent.destroy();
  }

  #call(method: string, path: string, body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const typed = body === "" ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
      const headers = { authorization: `Bearer ${this.#address.key}`, ...typed };
      const options: RequestOptions = { method, agent: this.#agent, headers };
      const call = request(new URL(path, this.#address.baseUrl), options, (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          if (answer.statusCode === 200) resolve(text);
          else reject(new TypeError(`${answer.statusCode} ${text.slice(0, 200)}`));
        });
      });
      call.on("error", reject);
      call.end(body);
    });
  }
}
