export const UP_KINDS = ["hello", "events", "synced", "ask", "result"] as const;
export type UpKind = (typeof UP_KINDS)[number];

export const DOWN_KINDS = ["welcome", "stored", "roster", "answer", "command"] as const;
export type DownKind = (typeof DOWN_KINDS)[number];

/** `postern/1/<serial>/up/<kind>`: where a controller publishes. */
export function upTopic(serial: string, kind: UpKind): string {
  return `postern/1/${serial}/up/${kind}`;
}

/** `postern/1/<serial>/down/<kind>`: where a controller listens. */
export function downTopic(serial: string, kind: DownKind): string {
  return `postern/1/${serial}/down/${kind}`;
}

/** The one filter a controller may subscribe to. */
export function downFilter(serial: string): string {
  return `postern/1/${serial}/down/+`;
}

/** The kind a controller of this serial published, or null for any other topic. */
export function upKindOf(topic: string, serial: string): UpKind | null {
  const prefix = `postern/1/${serial}/up/`;
  if (!topic.startsWith(prefix)) return null;
  const kind = topic.slice(prefix.length);
  return UP_KINDS.find((known) => known === kind) ?? null;
}

/** The kind the server sent to this serial, or null for any other topic. */
export function downKindOf(topic: string, serial: string): DownKind | null {
  const prefix = `postern/1/${serial}/down/`;
  if (!topic.startsWith(prefix)) return null;
  const kind = topic.slice(prefix.length);
  return DOWN_KINDS.find((known) => known === kind) ?? null;
}
