import { eventLine } from "@postern/contract";
import { chainHash, chainOrigin } from "@postern/core";
import type { Tables } from "../database/memory-tables.ts";

/** What a chain is judged by. */
export type ChainTables = Pick<Tables, "placeId" | "events" | "chain" | "blocks">;

/**
 * What is wrong with the chain of a ledger: its head must be the hash over every event there is, whoever appended them and whatever went back in time, and
 * the blocks those over every month before the last.
 */
export function chainFaults({ placeId, events, chain, blocks }: ChainTables): readonly string[] {
  const [first] = events;
  if (first === undefined) return chain === null ? [] : ["a ledger without an event has a chain"];
  if (chain === null) return [`${events.length} events have no chain`];
  if (chain.from !== first.sequence) return [`the chain begins with ${chain.from} and the ledger with ${first.sequence}`];
  const hashes = new Map<number, string>();
  let hash = chainOrigin(placeId, first.sequence);
  for (const event of events) {
    hash = chainHash(hash, eventLine(event));
    hashes.set(event.sequence, hash);
  }
  const faults = hash === chain.hash ? [] : [`the chain's head is not the hash of the ${events.length} events`];
  let next = first.sequence;
  for (const block of blocks) {
    if (block.first !== next || block.hash !== hashes.get(block.last))
      faults.push(`the block of ${block.first} to ${block.last} is not theirs`);
    next = block.last + 1;
  }
  return next === chain.blockFirst ? faults : [...faults, `the open block begins with ${chain.blockFirst} in place of ${next}`];
}
