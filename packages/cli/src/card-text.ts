import { member, text } from "./api.ts";

/** What `readCardText` reads as this card. */
export function cardText(card: unknown): string {
  const layout = text(member(card, "formatData"));
  return `${text(member(card, "cardNumber")) ?? "?"}${layout === undefined || layout === "26" ? "" : `:${layout}`}`;
}
