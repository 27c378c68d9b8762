import fc from "fast-check";
import type { Database } from "../../src/platform/database.ts";
import type { Hints } from "./arbitrary-of-schema.ts";
import type { FuzzedPictures } from "./pictures.ts";

/** Where ids of each name stand, and how their place is known. */
const TABLES = {
  placeGroupId: { table: "place_groups", column: "place_group_id", isOfPlace: false },
  placeId: { table: "places", column: "place_id", isOfPlace: true },
  doorId: { table: "doors", column: "door_id", isOfPlace: true },
  deviceId: { table: "devices", column: "device_id", isOfPlace: true },
  controllerId: { table: "controllers", column: "controller_id", isOfPlace: true },
  authId: { table: "(select * from auths where deleted_at is null)", column: "auth_id", isOfPlace: true },
  userId: { table: "users", column: "user_id", isOfPlace: false },
  calendarId: { table: "holiday_calendars", column: "calendar_id", isOfPlace: true },
  scheduleId: { table: "schedules", column: "schedule_id", isOfPlace: true },
  groupId: { table: "access_groups", column: "group_id", isOfPlace: true },
  commandId: { table: "door_commands", column: "command_id", isOfPlace: true },
  // The key that asks has no parent: it must not revoke itself.
  keyId: { table: "(select * from api_keys where parent_id is not null)", column: "key_id", isOfPlace: false },
  importId: { table: "imports", column: "import_id", isOfPlace: true },
  exportId: { table: "event_exports", column: "export_id", isOfPlace: true },
  vendorApiId: { table: "vendor_apis", column: "vendor_api_id", isOfPlace: false },
  webhookId: { table: "webhooks", column: "webhook_id", isOfPlace: true },
  taskUuid: { table: "face_matches", column: "task_uuid", isOfPlace: true },
  dynamicQrId: { table: "dynamic_qrs", column: "qid", isOfPlace: false },
  userKey: { table: "users", column: "key", isOfPlace: false },
  imageKey: { table: "device_images", column: "image_key", isOfPlace: true },
} as const;

/** Ids that exist, looked up now and then while requests make and delete things. */
export class Pools {
  readonly #near = new Map<string, readonly unknown[]>();
  readonly #any = new Map<string, readonly unknown[]>();
  readonly #pictures: FuzzedPictures;
  #nowMs = 0;

  /** `logIds` of the place, and `tokens` of its scans, which the database does not hold. */
  constructor({ logIds, tokens }: { readonly logIds: readonly string[]; readonly tokens: readonly string[] }, pictures: FuzzedPictures) {
    this.#pictures = pictures;
    for (const pool of [this.#near, this.#any]) pool.set("logId", logIds).set("token", tokens);
  }

  async refresh(database: Database, placeId: number, nowMs: number): Promise<void> {
    this.#nowMs = nowMs;
    for (const [name, { table, column, isOfPlace }] of Object.entries(TABLES)) {
      const select = `select ${column} as id from ${table}`;
      const any = await database.query<{ id: unknown }>(`${select} order by random() limit 40`);
      const near = isOfPlace
        ? await database.query<{ id: unknown }>(`${select} where place_id = ${placeId} order by random() limit 40`)
        : [];
      this.#any.set(
        name,
        any.map(({ id }) => id),
      );
      this.#near.set(
        name,
        (near.length > 0 ? near : any).map(({ id }) => id),
      );
    }
    // Half of them the place's own: a call that names another customer's is refused.
    const own = await database.query<{ id: unknown }>("select place_group_id as id from places where place_id = $1", [placeId]);
    const others = this.#any.get("placeGroupId") ?? [];
    this.#near.set("placeGroupId", [...others, ...others.map(() => own[0]?.id)]);
  }

  /** Mostly of the place, now and then of any, so that what is out of reach is met too. The arbitraries see each refreshing. */
  hints(): Hints {
    const ids = [...Object.keys(TABLES), "logId", "token"].map((name) => [name, this.#idsOf(name)] as const);
    const near = fc.integer({ min: -86_400_000, max: 86_400_000 }).map((ms) => this.#nowMs + ms);
    const times = ["at", "from", "to", "actAt", "notAfter", "startAt", "startTime", "eventTime"].map((name) => [name, near] as const);
    const later = near.map((ms) => ms + 3 * 86_400_000);
    const soon = fc.integer({ min: 1_000, max: 3_600_000 }).map((ms) => this.#nowMs + ms);
    const id = this.#idsOf("authId").map(String);
    const cursor = fc.oneof(
      id,
      id.map((text) => Buffer.from(text).toString("base64url")),
      this.#idsOf("logId"),
    );
    const someKey = fc.oneof(
      this.#idsOf("userKey"),
      fc.nat({ max: 9_999_999 }).map((number) => `person-${number}`),
    );
    return {
      ...Object.fromEntries([...ids, ...times]),
      ...{
        endAt: later,
        endTime: later,
        validFrom: near,
        validTo: later,
        endsAt: later,
        givenAt: fc.constant(this.#nowMs),
        expiresAt: soon,
        eventTime: soon,
        actAt: soon,
        notAfter: soon,
        after: cursor,
      },
      ...{ doors: this.#idsOf("doorId"), key: someKey, userKey: someKey, "userKey?": seldom(someKey) },
      ...SPOKEN,
      ...this.#pictureHints(),
    };
  }

  /** Mostly none in a list, so that most enrolments go on without one. */
  #pictureHints(): Hints {
    const { good, bad } = this.#pictures;
    const picture = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...good) }, { weight: 4, arbitrary: fc.constantFrom(...bad) });
    // Few requests ask whom a face looks like, and each has much to go right before.
    const alone = fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...good) }, { weight: 2, arbitrary: picture });
    const pictures = fc.oneof({ weight: 6, arbitrary: fc.constant([]) }, { weight: 2, arbitrary: fc.array(picture, { maxLength: 2 }) });
    return { "fileData!": alone, "faceImages!": pictures, "base64Image!": alone, "faceImage!": alone };
  }

  #idsOf(name: string): fc.Arbitrary<unknown> {
    const pick = (pool: ReadonlyMap<string, readonly unknown[]>) =>
      fc.nat({ max: 9_999 }).map((index) => {
        const ids = pool.get(name) ?? [];
        return ids[index % Math.max(1, ids.length)] ?? 1;
      });
    // Of its own kind there is but one nearby.
    return fc.oneof({ weight: name === "placeId" ? 3 : 9, arbitrary: pick(this.#near) }, { weight: 1, arbitrary: pick(this.#any) });
  }
}

/** Left out four times of five. */
function seldom(arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, arbitrary);
}

const cardNumber = fc.integer({ min: 1, max: 999_999 });
const card = fc.oneof(
  cardNumber.map((number) => ({ cardNumber: String(number), formatType: "CSN" })),
  cardNumber.map((number) => ({ cardNumber: `${number % 256}-${number % 65_536}`, formatType: "WIEGAND" })),
);
const window = fc.constantFrom({ from: "08:00", to: "18:00" }, { from: "00:00", to: "24:00" }, { from: "22:00", to: "06:00" });
const holiday = fc.record({ date: fc.constantFrom("2026-12-25", "2027-01-01"), windows: fc.array(window, { maxLength: 1 }) });

/** What a schema lets through and a rule behind it would refuse nearly always. PINs are few: each takes twenty milliseconds to prove. */
const SPOKEN: Hints = {
  url: fc.constantFrom("https://example.com/hooks", "https://1.1.1.1:8443/", "https://10.0.0.1/", "http://example.com/"),
  // What a customer's API is changed in, beside its name, wants the proof of a test.
  "result?": seldom(
    fc.constantFrom({ key: "$.ok", type: "BOOLEAN", value: "true" }, { key: "$.a[0]['b']", type: "NUMBER", value: "7" }, null),
  ),
  "successMessage?": seldom(fc.constantFrom("$.text", null)),
  "failureMessage?": seldom(fc.constantFrom("$.text", "$.a[*]")),
  "statusCodes?": seldom(fc.constantFrom([], [200], [200, 302])),
  "autoFields?": seldom(
    fc.constantFrom([], [{ key: "deviceId", placeholder: "{{DEVICE_SERIAL}}" }], [{ key: "card", placeholder: "{{CARD_NUMBER}}" }]),
  ),
  "manualFields?": seldom(
    fc.constantFrom([], [{ key: "site", type: "NUMBER", value: "7" }], [{ key: "site", type: "NUMBER", value: "seven" }]),
  ),
  "headers?": seldom(fc.constantFrom([], [{ name: "x-key", value: "a b" }], [{ name: "x-key" }])),
  "url?": seldom(fc.constantFrom("https://example.com/hooks", "https://1.1.1.1:8443/", "https://10.0.0.1/", "http://example.com/")),
  "proof?": seldom(fc.constant("AAAA")),
  "sample!": fc.constant({ deviceSerial: "900000001", userKey: "ada", cardNumber: "12345", uniquePin: "471147", qrCode: "Q-1" }),
  types: fc.constantFrom("DEV_CARD_AUTH_SUCCESS", "DEV_DEVICE_START", "NO_SUCH_EVENT"),
  timeZone: fc.constantFrom("Europe/Berlin", "Asia/Seoul", "America/St_Johns", "UTC"),
  phone: fc.constantFrom("+49 30 1234567", "0301234567", null),
  modes: fc.constantFrom("CARD", "CARD_THEN_PIN", "CODE_THEN_PIN"),
  minimum: fc.constantFrom("CARD", "CARD_THEN_PIN"),
  "cards!": fc.array(card, { maxLength: 1 }),
  "card?": seldom(card),
  "fingerprints!": fc.constant([]),
  "registrationTokens!": fc.oneof({ weight: 9, arbitrary: fc.constant([]) }, fc.constant(["f".repeat(32)])),
  "pin?": seldom(fc.constant("12345678901234")),
  "uniquePin?": seldom(fc.constant("123456789012")),
  "weekly!": fc.record({ monday: fc.array(window, { maxLength: 1 }), sunday: fc.array(window, { maxLength: 1 }) }),
  "holidays!": fc.array(holiday, { maxLength: 1 }),
};
