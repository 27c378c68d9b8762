/** One thing a person presents. `CODE` is a typed user id, which names the person and proves nothing (CLUe §2.1). */
export type Factor = "CARD" | "CODE" | "FACE" | "FINGERPRINT" | "PIN" | "QR" | "UNIQUE_PIN" | "MOBILE";

/** Factors in the order in which they are presented: `["CARD", "PIN"]` is CLUe's CARD_THEN_PIN. */
export type Chain = readonly Factor[];
