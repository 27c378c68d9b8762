import type { Random } from "@postern/core";

/** What one question to a customer's server is known by: a second try of it has the same (Standard Webhooks, `webhook-id`). */
export function drawMessageId(random: Random): string {
  return `ask_${Buffer.from(random.bytes(18)).toString("base64url")}`;
}
