import type { TSchema } from "typebox";
import Type from "typebox";
import {
  AnswerFrame,
  AskFrame,
  CommandFrame,
  type DownKind,
  EventsFrame,
  HelloFrame,
  LinkEvent,
  ResultFrame,
  RosterFrame,
  RosterItemSchema,
  StoredFrame,
  SyncedFrame,
  type UpKind,
  WelcomeFrame,
  WireItem,
} from "../link/index.ts";

/** A frame of the link as the description shows it. */
export interface DescribedFrame {
  readonly summary: string;
  readonly payload: TSchema;
}

// What a reader judges one by one, so that a bad one harms no other, is an unknown value in the frame's own schema.
const DescribedEvents = Type.Object({ ...EventsFrame.properties, events: Type.Array(LinkEvent) });
const DescribedRoster = Type.Object({
  ...RosterFrame.properties,
  items: Type.Array(Type.Object({ ...WireItem.properties, item: Type.Optional(RosterItemSchema) })),
});

export const UP_FRAMES: Readonly<Record<UpKind, DescribedFrame>> = {
  hello: {
    summary: "What the controller is, what it holds of the roster, and which log it keeps. First, once a connection.",
    payload: HelloFrame,
  },
  events: { summary: "A run of the controller's log, in order; one unanswered at a time.", payload: DescribedEvents },
  synced: { summary: "What the replica holds, durably, after a roster frame.", payload: SyncedFrame },
  ask: { summary: "A door waits for the customer's own server.", payload: AskFrame },
  result: { summary: "What came of a command.", payload: ResultFrame },
};

export const DOWN_FRAMES: Readonly<Record<DownKind, DescribedFrame>> = {
  welcome: { summary: "Who the controller is, the server's time, and what it has of the log. Answers `hello`.", payload: WelcomeFrame },
  stored: { summary: "How far the log is stored. Sent after the commit: only this lets the controller forget.", payload: StoredFrame },
  roster: { summary: "Items as they are now, or sums to compare; at most two unanswered.", payload: DescribedRoster },
  answer: { summary: "What the customer's own server said.", payload: AnswerFrame },
  command: { summary: "Open a door once, or learn the next card.", payload: CommandFrame },
};
