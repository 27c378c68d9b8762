import { randomBytes } from "node:crypto";
import { crc32, deflateSync } from "node:zlib";
import type { Answer, Call, ClueClient } from "./clue-client.ts";
import { at, expectSuccess, listAt, numberAt, Skipped } from "./expect.ts";

export interface WorldOptions {
  readonly placeId: number | null;
  readonly placeGroupId: number | null;
  readonly scheduleId: number | null;
  /** A photo of one person's face. */
  readonly photo: Buffer | null;
  /** A photo of one person who looks aside. */
  readonly turnedPhoto: Buffer | null;
  readonly mayOperate: boolean;
}

export interface Door {
  readonly doorId: number;
  readonly doorName: string;
  readonly entryDeviceId: number | null;
  readonly isConnected: boolean;
}

const YEAR_MS = 365 * 86_400_000;

/** The place that is asked about, and the people that the suite made there, whom it takes away again. */
export class World {
  readonly #clue: ClueClient;
  readonly #options: WorldOptions;
  readonly #run = randomBytes(4).toString("hex");
  readonly #authIds = new Set<number>();
  #count = 0;
  #placeId: Promise<number> | null = null;
  #doors: Promise<readonly Door[]> | null = null;

  constructor(clue: ClueClient, options: WorldOptions) {
    this.#clue = clue;
    this.#options = options;
  }

  /** As it was given, or the one that the guide's request without a place tells of. */
  placeId(): Promise<number> {
    this.#placeId ??= this.#findPlace();
    return this.#placeId;
  }

  async #findPlace(): Promise<number> {
    if (this.#options.placeId !== null) return this.#options.placeId;
    const answer = await this.#clue.call({ method: "GET", path: "/v1/be/events?placeId=", query: {} });
    const [first] = answer.status === 200 ? listAt(answer.body, "data") : [];
    if (first === undefined) throw new Skipped("no place is known: name one with --place");
    return numberAt(first, "placeId");
  }

  doors(): Promise<readonly Door[]> {
    this.#doors ??= this.#findDoors();
    return this.#doors;
  }

  async #findDoors(): Promise<readonly Door[]> {
    const answer = await this.#clue.get(`/v1/places/${await this.placeId()}/doors`);
    expectSuccess(answer);
    const doors = listAt(answer.body, "data").map((door) => {
      const deviceId = at(door, "entryDevice.deviceId");
      return {
        doorId: numberAt(door, "doorId"),
        doorName: String(at(door, "doorName")),
        entryDeviceId: typeof deviceId === "number" ? deviceId : null,
        isConnected: at(door, "entryDevice.connectivity.connected") === true,
      };
    });
    if (doors.length === 0) throw new Skipped("the place has no door");
    return doors;
  }

  /** A door whose device is connected, and which the suite may open, scan at, and write on. */
  async operableDoor(): Promise<Door & { readonly entryDeviceId: number }> {
    if (!this.#options.mayOperate) throw new Skipped("doors and devices are left alone without --operate");
    const found = (await this.doors()).find(({ isConnected, entryDeviceId }) => isConnected && entryDeviceId !== null);
    if (found === undefined || found.entryDeviceId === null) throw new Skipped("no device of the place is connected");
    return { ...found, entryDeviceId: found.entryDeviceId };
  }

  scheduleId(): number {
    if (this.#options.scheduleId === null) throw new Skipped("no schedule is known: name one with --schedule");
    return this.#options.scheduleId;
  }

  placeGroupId(): number {
    if (this.#options.placeGroupId === null) throw new Skipped("no place group is known: name one with --place-group");
    return this.#options.placeGroupId;
  }

  photo(): string {
    if (this.#options.photo === null) throw new Skipped("there is no photo of a face: name one with --photo");
    return this.#options.photo.toString("base64");
  }

  turnedPhoto(): string {
    if (this.#options.turnedPhoto === null) throw new Skipped("there is no photo of a face turned aside: name one with --turned-photo");
    return this.#options.turnedPhoto.toString("base64");
  }

  /** A picture without anything on it. */
  emptyPicture(): string {
    return greyPng(320, 320).toString("base64");
  }

  /** A key of somebody who is not there yet. */
  newKey(): string {
    this.#count += 1;
    return `conformance.${this.#run}.${this.#count}`;
  }

  /** The number of a card that nobody has. */
  newCard(): string {
    this.#count += 1;
    return String(Number.parseInt(this.#run, 16) * 100_000 + this.#count);
  }

  /** The body of a new person, who holds for a year; `auth` and `credentials` replace what they name, undefined leaves out. */
  person({ user = {}, auth = {}, credentials }: PersonChanges = {}): Record<string, unknown> {
    const nowMs = Date.now();
    return {
      user: { key: this.newKey(), name: "Conformance", ...user },
      auth: {
        activeStatus: "ACTIVE",
        startTime: nowMs - 86_400_000,
        endTime: nowMs + YEAR_MS,
        doorAccessType: "ALL_DOOR",
        scheduleType: "ALWAYS",
        credentials: credentials ?? { cards: [{ cardNumber: this.newCard(), formatType: "CSN" }] },
        ...auth,
      },
    };
  }

  /** Creates by either path; whoever is made is taken away at the end. */
  async create(body: unknown, path?: string): Promise<Answer> {
    return this.created({ path: path ?? `/v1/places/${await this.placeId()}/auths`, body });
  }

  async created(call: Pick<Call, "path" | "body" | "headers">): Promise<Answer> {
    const answer = await this.#clue.call({ method: "POST", ...call });
    const authId = at(answer.body, "data.authId");
    if (typeof authId === "number") this.#authIds.add(authId);
    return answer;
  }

  /** Creates somebody who has to be made; their `data`. */
  async made(body: unknown = this.person()): Promise<unknown> {
    return expectSuccess(await this.create(body));
  }

  /** Takes away whoever was made; one that fails keeps no other. The auths that may be left, told once. */
  async cleanUp(): Promise<readonly number[]> {
    const left: number[] = [];
    for (const authId of this.#authIds) {
      this.#authIds.delete(authId);
      const answer = await this.#clue.call({ method: "DELETE", path: `/v1/places/auths/${authId}` }).catch(() => null);
      const isGone = answer?.status === 200 || at(listOf(at(answer?.body, "errors"))[0], "code") === "e1007";
      if (!isGone) left.push(authId);
    }
    return left;
  }
}

export interface PersonChanges {
  readonly user?: Readonly<Record<string, unknown>>;
  readonly auth?: Readonly<Record<string, unknown>>;
  readonly credentials?: Readonly<Record<string, unknown>>;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A PNG of one shade of grey. */
function greyPng(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const rows = Buffer.alloc((width + 1) * height, 128);
  for (let row = 0; row < height; row += 1) rows[row * (width + 1)] = 0;
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
