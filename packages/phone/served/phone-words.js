// Made from packages/phone/page/phone-words.ts by `npm run gen`.
/** What somebody before a door reads. */

export function wordsOf(view           , timeText                        )             {
  switch (view.kind) {
    case "live":
      return { title: "Hold this code to the reader", text: `Valid until ${timeText(view.toMs)}`, button: null };
    case "tap":
      return {
        title: "Use this phone?",
        text: "The code will work on this phone and in this browser only. Open the link in the browser that you will use at the door, then tap.",
        button: "Use this phone",
      };
    case "not_yet":
      return { title: "Not valid yet", text: `This code is valid from ${timeText(view.fromMs)}. It appears here then.`, button: null };
    case "ended":
      return {
        title: "No longer valid",
        text: `This code was valid until ${timeText(view.atMs)}. Ask whoever sent it for a new link.`,
        button: null,
      };
    case "withdrawn":
      return {
        title: "Withdrawn",
        text: "This code was taken back and opens nothing any more. Ask whoever sent it for a new link.",
        button: null,
      };
    case "other_phone":
      return {
        title: "Opened on another phone",
        text: "This code belongs to the phone and browser in which it was opened first. To use this one, ask for a new link.",
        button: null,
      };
    case "away":
      return {
        title: "No connection",
        text: "A link needs the network the first time it is opened. Connect, then try again.",
        button: "Try again",
      };
    case "wrong_link":
      return {
        title: "Nothing here",
        text: "This link is incomplete, or its code was taken back. Ask whoever sent it for a new one.",
        button: null,
      };
    default:
      return { title: "", text: "", button: null };
  }
}

/** The browser has no safe place for a key: an old one, or a page that did not come over HTTPS. */
export const NO_SAFE_PLACE             = {
  title: "This browser cannot keep the code",
  text: "Open the link over HTTPS in an up-to-date browser, and not in a private window.",
  button: null,
};

/** How wrong this phone's clock is, in words. */
export function clockWarning(aheadMs        )         {
  const seconds = Math.round(Math.abs(aheadMs) / 1_000);
  const [count, unit] =
    seconds < 120 ? [seconds, "seconds"] : seconds < 7_200 ? [Math.round(seconds / 60), "minutes"] : [Math.round(seconds / 3_600), "hours"];
  const way = aheadMs > 0 ? "ahead" : "behind";
  return `This phone's clock is ${count} ${unit} ${way}. Set it to automatic: without a network the code would be refused.`;
}
