/** Which bytes of a whole are asked for, both ends included; `whole` where no range is, or none that we know; `none` for one that lies beyond. */
export type ByteRange =
  | { readonly kind: "whole" }
  | { readonly kind: "none" }
  | { readonly kind: "part"; readonly from: number; readonly to: number };

/** One range of RFC 9110 §14.1.2. Several at once may be answered with the whole (§14.2), and are. */
export function readByteRange(header: string | null, size: number): ByteRange {
  const [, first = "", last = ""] = /^\s*bytes\s*=\s*(\d{0,15})-(\d{0,15})\s*$/i.exec(header ?? "") ?? [];
  if (first === "" && last === "") return { kind: "whole" };
  const from = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const to = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== "" && last !== "" && Number(last) < from) return { kind: "whole" };
  return from >= size || (first === "" && Number(last) === 0) ? { kind: "none" } : { kind: "part", from, to };
}
