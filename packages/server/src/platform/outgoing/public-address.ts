import { BlockList, isIPv4, isIPv6 } from "node:net";

/** What the IANA registries of special-purpose addresses keep from the open network (RFC 6890), multicast, and what clouds tell their own machines. */
const IPV4_SPECIAL: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  // Link-local; most clouds' metadata is at 169.254.169.254.
  ["169.254.0.0", 16],
  // Azure's platform, which answers its machines alone.
  ["168.63.129.16", 32],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.31.196.0", 24],
  ["192.52.193.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["192.175.48.0", 24],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

/** Within what is unicast at all (2000::/3): tunnels into other networks, documentation, and protocols of their own. */
const IPV6_SPECIAL: readonly (readonly [string, number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  // A 6to4 address names an IPv4 one that it leads to.
  ["2002::", 16],
  ["2620:4f:8000::", 48],
  ["3fff::", 20],
];

const ipv4Special = blockList(IPV4_SPECIAL, "ipv4");
const ipv6Special = blockList(IPV6_SPECIAL, "ipv6");
const ipv6Unicast = blockList([["2000::", 3]], "ipv6");

function blockList(networks: readonly (readonly [string, number])[], family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const [address, bits] of networks) list.addSubnet(address, bits, family);
  return list;
}

/** Whether an address is one of the open network. What is no address, or of a kind nobody knows, is not. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !ipv4Special.check(address, "ipv4");
  // Also IPv4 within IPv6, mapped or translated, and a scope behind a percent sign: none of them is in 2000::/3.
  if (isIPv6(address) && !address.includes("%")) return ipv6Unicast.check(address, "ipv6") && !ipv6Special.check(address, "ipv6");
  return false;
}
