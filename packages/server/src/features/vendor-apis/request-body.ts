import type { VendorAutoField, VendorPlaceholder } from "@postern/contract";
import type { Constant } from "./judge-answer.ts";

/** What is sent of who asks, and what is sent always. Keys are unique across both. */
export interface RequestFields {
  readonly autoFields: readonly VendorAutoField[];
  readonly constants: readonly { readonly key: string; readonly value: Constant }[];
}

/** What the placeholders stand for at this moment. */
export type PlaceholderValues = Readonly<Partial<Record<VendorPlaceholder, string>>>;

export type RequestBody =
  | { readonly kind: "body"; readonly text: string }
  /** Nobody knows what this one stands for. */
  | { readonly kind: "missing"; readonly placeholder: VendorPlaceholder };

/** The flat object of JSON that a customer's server is sent (CLUe §3): texts for the placeholders, constants in their own types. */
export function requestBody({ autoFields, constants }: RequestFields, values: PlaceholderValues): RequestBody {
  const members: (readonly [string, Constant])[] = [];
  for (const { key, placeholder } of autoFields) {
    const value = values[placeholder];
    if (value === undefined) return { kind: "missing", placeholder };
    members.push([key, value]);
  }
  for (const { key, value } of constants) members.push([key, value]);
  // Every member of its own, whatever its name.
  return { kind: "body", text: JSON.stringify(Object.fromEntries(members)) };
}
