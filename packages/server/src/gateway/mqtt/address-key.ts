import { isIPv6 } from "node:net";

const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * What counts as one address for limits. Somebody with one IPv6 address has 2^64 of them, so those are taken by their /64; an IPv4 address
 * is the same whichever way a dual-stack listener writes it.
 */
export function addressKey(remoteAddress: string): string {
  const mapped = MAPPED_IPV4.exec(remoteAddress)?.[1];
  if (mapped !== undefined) return mapped;
  const address = remoteAddress.split("%", 1)[0] ?? "";
  return isIPv6(address) ? `${networkGroups(address).join(":")}::/64` : remoteAddress;
}

function networkGroups(address: string): readonly string[] {
  const [head = "", tail] = address.split("::");
  const leading = groupsOf(head);
  if (tail === undefined) return leading.slice(0, 4);
  const trailing = groupsOf(tail);
  const zeros: readonly string[] = Array.from({ length: 8 - leading.length - trailing.length }, () => "0");
  return [...leading, ...zeros, ...trailing].slice(0, 4);
}

function groupsOf(part: string): readonly string[] {
  if (part === "") return [];
  return part.split(":").flatMap((group) => (group.includes(".") ? ["v4", "v4"] : [Number.parseInt(group, 16).toString(16)]));
}
