import type { LookupAddress } from "node:dns";
import { lookup, Resolver } from "node:dns/promises";
import type { ResolveName } from "./checked-lookup.ts";
import { DNS_ANSWER_MS_MAX, DNS_TRIES_COUNT } from "./limits.ts";

/**
 * Asks the machine's DNS servers. The system's own way takes one of the process's few threads until it has an answer: names whose servers hang, which
 * any customer can have, would keep files and everybody else's names waiting.
 */
export function resolveInDns(): ResolveName {
  const resolver = new Resolver({ timeout: DNS_ANSWER_MS_MAX, tries: DNS_TRIES_COUNT });
  return async (name) => {
    const [ipv4, ipv6] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    const of = (answer: PromiseSettledResult<string[]>, family: 4 | 6): readonly LookupAddress[] =>
      answer.status === "rejected" ? [] : answer.value.map((address) => ({ address, family }));
    return [...of(ipv4, 4), ...of(ipv6, 6)];
  };
}

/** As every program of the machine does, with its own file of hosts: for names that the operator allowed. */
export const resolveBySystem: ResolveName = (name) => lookup(name, { all: true, verbatim: true });
