import type { DemoFile } from "./demo-file.ts";
import { quote } from "./settings.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** What to paste next: the requests of CLUe's guide for this server, and a card for a door. Each line works as it stands in a POSIX shell. */
export function startLines(demo: DemoFile, { prefix, nowMs }: { readonly prefix: string; readonly nowMs: number }): string[] {
  const key = `Authorization: Bearer ${demo.apiKey}`;
  const body = {
    user: { key: "1234567", name: "namehere" },
    auth: {
      ...demo.period,
      doorAccessType: "SPECIFIC",
      doorIds: demo.doors.map((door) => door.doorId),
      scheduleType: "SPECIFIC",
      scheduleId: demo.scheduleId,
      credentials: { cards: [{ cardNumber: "12345", formatType: "CSN" }] },
      activeStatus: "ACTIVE",
    },
  };
  const window = new URLSearchParams({
    placeId: String(demo.placeId),
    startTime: String(nowMs - HOUR_MS),
    endTime: String(nowMs + 6 * DAY_MS),
    page: "0",
    size: "200",
    sort: "id,asc",
  });
  const [door] = demo.doors;
  const curl = demo.certFile === undefined ? "curl -sS" : `curl -sS --cacert ${quote(demo.certFile)}`;
  return [
    "",
    "Try it in a second terminal, in this folder:",
    "",
    "# register a person with a card (the guide's request)",
    `${curl} ${quote(`${demo.baseUrl}/v1/be/places/${demo.placeId}/auths`)} -H ${quote(key)} -H 'Content-Type: application/json' --data ${quote(JSON.stringify(body))}`,
    "",
    "# present the card at a door",
    `${prefix}npm run -s postern -- door present --door ${door?.doorId ?? 0} --card 12345`,
    "",
    "# what happened (the guide's request)",
    `${curl} ${quote(`${demo.baseUrl}/v1/be/events?${window.toString()}`)} -H ${quote(key)}`,
    "",
    "# watch doors and events; play the whole story",
    `${prefix}npm run -s postern -- door state`,
    `${prefix}npm run -s postern -- events --follow`,
    `${prefix}npm run -s postern -- demo`,
    "",
  ];
}
