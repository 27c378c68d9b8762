import type { EventRow } from "./event-spec.ts";

/** The factors were proven in the order of the name. A plain PIN is not among them: the typed user id (`CODE`) comes before it. */
export const AUTH_SUCCESS_EVENTS = {
  DEV_CARD_AUTH_SUCCESS: { code: 701, meaning: "A card was accepted." },
  DEV_CARD_THEN_PIN_AUTH_SUCCESS: { code: 702, meaning: "A card, then a PIN were accepted." },
  DEV_CARD_THEN_FACE_AUTH_SUCCESS: { code: 703, meaning: "A card, then a face were accepted." },
  DEV_CARD_THEN_FACE_THEN_FINGERPRINT_AUTH_SUCCESS: { code: 704, meaning: "A card, then a face, then a fingerprint were accepted." },
  DEV_CARD_THEN_FACE_THEN_PIN_AUTH_SUCCESS: { code: 705, meaning: "A card, then a face, then a PIN were accepted." },
  DEV_CARD_THEN_FINGERPRINT_AUTH_SUCCESS: { code: 706, meaning: "A card, then a fingerprint were accepted." },
  DEV_CARD_THEN_FINGERPRINT_THEN_FACE_AUTH_SUCCESS: { code: 707, meaning: "A card, then a fingerprint, then a face were accepted." },
  DEV_CARD_THEN_FINGERPRINT_THEN_PIN_AUTH_SUCCESS: { code: 708, meaning: "A card, then a fingerprint, then a PIN were accepted." },
  DEV_CODE_THEN_PIN_AUTH_SUCCESS: { code: 709, meaning: "A typed user id, then a PIN were accepted." },
  DEV_CODE_THEN_FACE_AUTH_SUCCESS: { code: 710, meaning: "A typed user id, then a face were accepted." },
  DEV_CODE_THEN_FACE_THEN_FINGERPRINT_AUTH_SUCCESS: {
    code: 711,
    meaning: "A typed user id, then a face, then a fingerprint were accepted.",
  },
  DEV_CODE_THEN_FACE_THEN_PIN_AUTH_SUCCESS: { code: 712, meaning: "A typed user id, then a face, then a PIN were accepted." },
  DEV_CODE_THEN_FINGERPRINT_AUTH_SUCCESS: { code: 713, meaning: "A typed user id, then a fingerprint were accepted." },
  DEV_CODE_THEN_FINGERPRINT_THEN_FACE_AUTH_SUCCESS: {
    code: 714,
    meaning: "A typed user id, then a fingerprint, then a face were accepted.",
  },
  DEV_CODE_THEN_FINGERPRINT_THEN_PIN_AUTH_SUCCESS: { code: 715, meaning: "A typed user id, then a fingerprint, then a PIN were accepted." },
  DEV_FACE_AUTH_SUCCESS: { code: 716, meaning: "A face was recognised and accepted." },
  DEV_FACE_THEN_FINGERPRINT_AUTH_SUCCESS: { code: 717, meaning: "A face, then a fingerprint were accepted." },
  DEV_FACE_THEN_FINGERPRINT_THEN_PIN_AUTH_SUCCESS: { code: 718, meaning: "A face, then a fingerprint, then a PIN were accepted." },
  DEV_FACE_THEN_PIN_AUTH_SUCCESS: { code: 719, meaning: "A face, then a PIN were accepted." },
  DEV_FINGERPRINT_AUTH_SUCCESS: { code: 720, meaning: "A fingerprint was accepted." },
  DEV_FINGERPRINT_THEN_FACE_AUTH_SUCCESS: { code: 721, meaning: "A fingerprint, then a face were accepted." },
  DEV_FINGERPRINT_THEN_FACE_THEN_PIN_AUTH_SUCCESS: { code: 722, meaning: "A fingerprint, then a face, then a PIN were accepted." },
  DEV_FINGERPRINT_THEN_PIN_AUTH_SUCCESS: { code: 723, meaning: "A fingerprint, then a PIN were accepted." },
  DEV_QR_AUTH_SUCCESS: { code: 724, meaning: "A QR code was accepted." },
} as const satisfies Record<string, EventRow>;

/** Named after the factor that was refused; the reason stands in the event's detail. */
export const AUTH_FAIL_EVENTS = {
  DEV_CARD_AUTH_FAIL: { code: 801, meaning: "A card was refused." },
  DEV_MOBILE_CARD_AUTH_FAIL: { code: 802, meaning: "A card on a phone was refused." },
  DEV_CODE_AUTH_FAIL: { code: 803, meaning: "A typed user id was refused." },
  DEV_FACE_AUTH_FAIL: { code: 804, meaning: "A face was refused." },
  DEV_FINGERPRINT_AUTH_FAIL: { code: 805, meaning: "A fingerprint was refused." },
  DEV_PIN_AUTH_FAIL: { code: 806, meaning: "A PIN was refused." },
  DEV_QR_AUTH_FAIL: { code: 807, meaning: "A QR code was refused." },
} as const satisfies Record<string, EventRow>;
