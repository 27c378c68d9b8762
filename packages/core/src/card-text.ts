/** A card as the API takes it (CLUe §1.2). */
export interface WrittenCard {
  readonly cardNumber: string;
  readonly formatType: "CSN" | "WIEGAND";
  readonly formatData?: string;
}

/** `12345` is a serial number, `12-123` a Wiegand card of 26 bits, `12-123:34` or `123:RAW:40` one in another layout (CLUe §1.2). */
export function readCardText(typed: string): WrittenCard {
  const [cardNumber = "", ...layout] = typed.split(":");
  if (layout.length > 0) return { cardNumber, formatType: "WIEGAND", formatData: layout.join(":") };
  return { cardNumber, formatType: cardNumber.includes("-") ? "WIEGAND" : "CSN" };
}
