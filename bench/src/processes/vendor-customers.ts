import { posternClient } from "@postern/client";
import { systemClock } from "@postern/core";
import type { RunningServer } from "@postern/server";
import { addPlaces, addSeats } from "./bench-place.ts";
import type { ControllerSeat } from "./scripted-controller.ts";

const FIRST_GROUP_ID = 400_000;
const KEY_MS = 3_600_000;
const SAMPLE = { deviceSerial: "900000001", cardNumber: "12345" };

/** Customers with a place each, so many controllers in it, and a server of their own that is asked about cards; answers the seats, customer by customer. */
export async function addVendorCustomers(
  running: RunningServer,
  { urls, seatsEach }: { readonly urls: readonly string[]; readonly seatsEach: number },
): Promise<readonly (readonly ControllerSeat[])[]> {
  const customers: (readonly ControllerSeat[])[] = [];
  for (const [index, url] of urls.entries()) {
    const placeGroupId = FIRST_GROUP_ID + index;
    const insert = "insert into place_groups(place_group_id, name, made_at) values ($1, 'bench', 0)";
    await running.database.execute(insert, [placeGroupId]);
    const expiresAtMs = systemClock.nowMs() + KEY_MS;
    const { key } = await running.keys.mintRoot({ placeGroupId, name: "bench", scopes: ["doors:configure"], placeIds: null, expiresAtMs });
    const api = { baseUrl: running.baseUrl, key };
    const [placeId = 0] = await addPlaces(api, 1);
    await askAboutCards(posternClient(api), url);
    customers.push(await addSeats(running, { placeId, first: index * seatsEach, count: seatsEach }));
  }
  return customers;
}

async function askAboutCards(client: ReturnType<typeof posternClient>, url: string): Promise<void> {
  const api = {
    name: "bench",
    credential: "card" as const,
    url,
    autoFields: [
      { key: "deviceId", placeholder: "{{DEVICE_SERIAL}}" as const },
      { key: "rfCard", placeholder: "{{CARD_NUMBER}}" as const },
    ],
    result: { key: "$.allowed", type: "BOOLEAN" as const, value: "true" },
  };
  const { proof } = await client.testNewVendorApi({ body: { ...api, sample: SAMPLE } });
  const { vendorApiId } = await client.createVendorApi({ body: { ...api, proof: proof ?? "" } });
  await client.changeVendorMapping({ body: { accessType: "VENDOR", card: vendorApiId } });
}
