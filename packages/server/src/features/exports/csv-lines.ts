import { eventName } from "@postern/contract";
import { stringify } from "csv-stringify/sync";
import type { TimedEvent } from "../../following/follow-store.ts";
import { encodeLogId } from "../../ledger/log-id.ts";

const COLUMNS = [
  "logId",
  "eventAt",
  "localTime",
  "utcOffset",
  "eventType",
  "doorId",
  "doorName",
  "deviceId",
  "authId",
  "userKey",
  "userName",
  "localLogId",
  "receivedAt",
  "deviceAt",
] as const;

/** Without it spreadsheets take UTF-8 for something else. */
const BYTE_ORDER_MARK = "\ufeff";

/** RFC 4180. A cell that a spreadsheet would calculate gets an apostrophe, whoever named a door or a person so. */
const FORM = { escape_formulas: true, record_delimiter: "\r\n" } as const;

export function csvHead(): string {
  return BYTE_ORDER_MARK + stringify([[...COLUMNS]], FORM);
}

/** Events as lines, with times in the zone of their place too. */
export class CsvLines {
  readonly #placeId: number;
  readonly #wallClock: Intl.DateTimeFormat;

  constructor(placeId: number, timeZone: string) {
    this.#placeId = placeId;
    // Swedish writes dates as ISO 8601 does.
    this.#wallClock = new Intl.DateTimeFormat("sv-SE", {
      timeZone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      timeZoneName: "longOffset",
    });
  }

  write(events: readonly TimedEvent[]): string {
    return events.length === 0
      ? ""
      : stringify(
          events.map((event) => this.#cells(event)),
          FORM,
        );
  }

  #cells(event: TimedEvent): readonly (string | number | null)[] {
    const { localTime, utcOffset } = this.#local(event.eventAt);
    return [
      encodeLogId({ placeId: this.#placeId, sequence: event.sequence }),
      utc(event.eventAt),
      localTime,
      utcOffset,
      eventName(event.eventType),
      event.doorId,
      event.doorName,
      event.deviceId === 0 ? null : event.deviceId,
      event.authId,
      event.userKey,
      event.userName,
      event.localLogId,
      utc(event.receivedAt),
      event.deviceAt === null ? null : utc(event.deviceAt),
    ];
  }

  /** `2026-11-28 06:31:12 GMT+01:00`, taken apart. */
  #local(ms: number): { readonly localTime: string; readonly utcOffset: string } {
    const [, localTime = "", offset = ""] = /^(.*) GMT(.*)$/.exec(this.#wallClock.format(ms)) ?? [];
    return { localTime, utcOffset: `UTC${offset.replace("\u2212", "-")}` };
  }
}

function utc(ms: number): string {
  return new Date(ms).toISOString();
}
