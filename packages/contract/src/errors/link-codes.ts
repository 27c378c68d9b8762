import { CodedError, type CodedErrorOptions, type ErrorSpec } from "@postern/core";

/** What can go wrong between server and controller. These words stand in frames and logs. */
export const LINK_CODES = {
  claim_code_wrong: { class: "caller", summary: "No controller waits to be claimed with this code." },
  claim_code_expired: { class: "caller", summary: "The claim code is older than it may be, or was tried too often." },
  controller_unknown: { class: "caller", summary: "No controller has this serial, or its key was revoked." },
  token_invalid: { class: "caller", summary: "The token is malformed, too old, or not signed with the controller's key." },
  topic_foreign: { class: "caller", summary: "A controller may use its own topics alone." },
  packet_too_large: { class: "caller", summary: "The packet is larger than the link allows." },
  session_stale: { class: "permanent", summary: "A newer session of the same controller has begun; this one may do nothing more." },
  session_taken: { class: "transient", summary: "Another connection of the same controller is alive." },
  frame_malformed: { class: "caller", summary: "The message does not have the form that its topic asks for." },
  frame_too_large: { class: "caller", summary: "The message is larger than the link allows." },
  epoch_changed: { class: "permanent", summary: "The server's data may have gone back in time; both streams must be compared anew." },
  event_malformed: { class: "permanent", summary: "The event does not have the form of an event." },
  event_type_unknown: { class: "permanent", summary: "The event's type is not in the catalogue." },
  event_type_foreign: { class: "permanent", summary: "Only the server writes events of this type." },
  event_too_large: { class: "permanent", summary: "The event's detail is larger than the ledger takes." },
  event_time_invalid: { class: "permanent", summary: "The event's time is not a time." },
  device_unknown: { class: "permanent", summary: "The device does not belong to this controller." },
  door_unknown: { class: "permanent", summary: "The door does not belong to this controller." },
  item_malformed: { class: "permanent", summary: "The roster item does not have the form of its kind." },
  item_unsupported: { class: "permanent", summary: "The controller or its driver cannot hold this roster item." },
  command_unknown: { class: "permanent", summary: "The controller does not know this command." },
  command_too_late: { class: "permanent", summary: "The command arrived after the time until which it was to act." },
  command_cancelled: { class: "caller", summary: "Whoever may operate the door took it back before it was sent." },
  key_revoked: { class: "caller", summary: "The key that asked was revoked before the time came." },
  command_failed: { class: "ambiguous", summary: "The driver failed while it carried out the command." },
  command_forgotten: {
    class: "ambiguous",
    summary: "The controller restarted, or lost its connection, before it said what came of the command.",
  },
  command_unanswered: { class: "ambiguous", summary: "The controller did not say in time what came of the command." },
  device_released: { class: "transient", summary: "The controller stopped, or no longer serves the device." },
  learning_replaced: { class: "transient", summary: "Somebody else asked the same device for a card or finger meanwhile." },
  learning_cancelled: { class: "transient", summary: "Whoever asked for the card or finger took it back." },
  card_not_presented: { class: "transient", summary: "No card was presented at the device in time." },
  finger_not_presented: { class: "transient", summary: "No finger was laid on the device in time." },
  finger_low_quality: { class: "transient", summary: "The finger was not read well enough." },
  scan_forgotten: { class: "transient", summary: "What was scanned has been forgotten meanwhile." },
  scan_differs: { class: "caller", summary: "It is not the card or finger of the scan that it was to be compared with." },
  device_offline: { class: "transient", summary: "The controller is not connected." },
  database_away: { class: "transient", summary: "The database cannot be reached." },
} as const satisfies Record<string, ErrorSpec>;

export type LinkCode = keyof typeof LINK_CODES;

export function linkError(code: LinkCode, options?: CodedErrorOptions): CodedError {
  return new CodedError(code, LINK_CODES[code], options);
}
