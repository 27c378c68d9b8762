/** What a key may be used for (design §11). */
export const SCOPES = ["people", "events", "doors:operate", "doors:configure", "devices", "keys", "webhooks"] as const;
export type Scope = (typeof SCOPES)[number];
