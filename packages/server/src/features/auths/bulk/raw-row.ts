import type { Problem } from "@postern/contract";

/** One row as it came: what it says, not yet judged, or why it cannot be read. */
export type RawRow = {
  /** What the file's hash is made of. */
  readonly text: string;
} & ({ readonly kind: "value"; readonly value: unknown } | { readonly kind: "unreadable"; readonly problems: readonly Problem[] });

export function unreadable(text: string, field: string, message: string): RawRow {
  return { kind: "unreadable", text, problems: [{ field, message }] };
}
