import type { Queryable } from "../platform/database.ts";

/** One code of a dynamic QR that was held to a door of a place. */
export interface QrUse {
  readonly placeId: number;
  readonly qrId: number;
  readonly step: number;
}

/**
 * Uses a code up, with all before it. False: it was used before, by whichever door was first, or no such QR is bound in the place's group any more. Two that ask at
 * once are told apart by the row's lock.
 */
export async function useQr(queryable: Queryable, { placeId, qrId, step }: QrUse): Promise<boolean> {
  const rows = await queryable.query({
    name: "gateway-use-qr",
    text: `
      update dynamic_qrs set used_step = $3
      where qr_id = $1 and place_group_id = (select place_group_id from places where place_id = $2) and public_key is not null
        and (used_step is null or used_step < $3)
      returning 1`,
    values: [qrId, placeId, step],
  });
  return rows.length === 1;
}
