import { Agent, request } from "node:http";

/** One client with one connection, as an integrator's loop has it. */
export class EnrolClient {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #baseUrl: string;
  readonly #key: string;

  constructor({ baseUrl, key }: { readonly baseUrl: string; readonly key: string }) {
    this.#baseUrl = baseUrl;
    this.#key = key;
  }

  /** Enrols one new person with one new card; returns the authId. */
  async enrol(number: number): Promise<number> {
    const credentials = { name: "Bench Person", cards: [{ cardNumber: String(3_000_000_000 + number), formatType: "CSN" }] };
    const auth = {
      startTime: 1_700_000_000_000,
      endTime: 2_000_000_000_000,
      doorAccessType: "ALL_DOOR",
      scheduleType: "ALWAYS",
      credentials,
      activeStatus: "ACTIVE",
    };
    const answer = await this.#post("/v1/places/178/auths", JSON.stringify({ user: { key: `bench-${number}` }, auth }));
    const value: { data?: { authId?: number } } = JSON.parse(answer);
    if (value.data?.authId === undefined) throw new TypeError(answer.slice(0, 200));
    return value.data.authId;
  }

  close(): void {
    this.#agent.destroy();
  }

  #post(path: string, body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${this.#key}`,
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
      };
      const call = request(new URL(path, this.#baseUrl), { method: "POST", agent: this.#agent, headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () => resolve(Buffer.concat(chunks).toString()));
      });
      call.on("error", reject);
      call.end(body);
    });
  }
}
