import type { VendorQuestion } from "../../gateway/vendor-question.ts";
import type { Queryable } from "../../platform/database.ts";
import { API_COLUMNS, type ApiRow, type KeptApi, keptApi } from "./store.ts";

/** The API that a question goes to, and what is known of who asks. */
export interface AskedApi extends KeptApi {
  readonly deviceSerial: string | null;
  readonly userKey: string | null;
}

/** null: nobody is asked about this credential there, or no longer. Device and person are looked up within the place and its customer. */
export async function findAsked(queryable: Queryable, { placeId, credential, deviceId, userId }: VendorQuestion): Promise<AskedApi | null> {
  const [row] = await queryable.query<ApiRow & Pick<AskedApi, "deviceSerial" | "userKey">>({
    name: "vendor-apis-asked",
    text: `
      select ${API_COLUMNS},
        (select serial from devices where device_id = $3 and devices.place_id = $1) as "deviceSerial",
        (select key from users where user_id = $4 and users.place_group_id = vendor_apis.place_group_id) as "userKey"
      from place_vendor_apis join vendor_apis using (vendor_api_id)
      where place_vendor_apis.place_id = $1 and place_vendor_apis.credential = $2 and access_type in ('VENDOR', 'MIXED')`,
    values: [placeId, credential, deviceId, userId],
  });
  return row === undefined ? null : { ...keptApi(row), deviceSerial: row.deviceSerial, userKey: row.userKey };
}
