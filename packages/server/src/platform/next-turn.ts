/** A turn of the event loop, for whoever computes for long: what is to be sent is sent, and who has come is heard. No time passes by it. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
