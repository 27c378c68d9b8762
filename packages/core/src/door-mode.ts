/** What holds a door: the strongest of fire, lockdown, operator, scheduled lock, scheduled unlock; else credentials decide. */
export type DoorMode =
  | { readonly kind: "unlocked"; readonly by: "fire" | "operator" | "schedule" }
  | { readonly kind: "locked"; readonly by: "lockdown" | "operator" | "schedule" }
  | { readonly kind: "credentials" };
