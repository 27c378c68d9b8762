import type { Card, DenialReason, DisplayImageType, Factor } from "@postern/core";

/** What a driver speaks to: the hardware of the doors it is given. It reports and obeys; every decision is the controller's. */
export interface Driver {
  start(): Promise<void>;
  /** Takes charge of a door's hardware; throws while that cannot be reached, and is asked again. The relay is in an unknown state until it is told. */
  connect(wiring: DoorWiring): DoorPorts;
  /** Gives a door's hardware up, locked. */
  disconnect(doorId: number): Promise<void>;
  /**
   * For drivers whose readers compare fingers themselves: the templates of an auth, in base64 as they were enrolled; an empty list takes them away.
   * Every auth of the controller's doors comes; whether a match opens is decided each time. Left out: fingers open nothing here.
   */
  holdFingers?(authId: number, templates: readonly string[]): void;
  /** For devices with a screen: what one shows from now on. Left out: nothing is shown here, and no picture is fetched. */
  show?(deviceId: number, shown: Shown): void;
  /** Leaves every door locked. */
  stop(): Promise<void>;
}

/** What a device shows. */
export interface Shown {
  /** null: none. */
  readonly message: string | null;
  /** null: the device's own. */
  readonly picture: ShownPicture | null;
}

export interface ShownPicture {
  /** For which moment it was made: where that has none, the default one is shown. */
  readonly type: DisplayImageType;
  /** Of the file, which does not change and goes when nobody shows it. */
  readonly path: string;
}

export interface DoorWiring {
  readonly doorId: number;
  readonly entryDeviceId: number;
  readonly exitDeviceId: number | null;
}

/** The hardware of one door. What a door does not have is null. */
export interface DoorPorts {
  readonly relay: Relay;
  readonly entryReader: Reader;
  readonly exitReader: Reader | null;
  readonly entryTamper: Tamper | null;
  readonly exitTamper: Tamper | null;
  readonly sensor: Sensor | null;
  readonly exitButton: Button | null;
  readonly fireSignal: FireSignal | null;
  /** null: the driver says nothing of its parts, but for a relay that does not do what it was told. */
  readonly faults: Faults | null;
}

/** What of a door's hardware can fail by itself. */
export type DoorPart = "connection" | "power" | "relay" | "entry_reader" | "exit_reader" | "sensor" | "exit_button" | "fire_signal";

export interface Faults {
  /** Told of each part that is found not to work, from now on. */
  listen(listener: (part: DoorPart) => void): void;
  /** Tries to make a part work; rejects while it does not. What stands in some way then says how. Called after growing pauses, until it resolves. */
  revive(part: DoorPart): Promise<void>;
}

/** On is released: the door can be opened. Which of the two has current in it is the wiring's own affair (fail-safe, fail-secure). */
export interface Relay {
  /** Released for at least `unlockMs` from now; a pulse that runs is prolonged, never cut short. Timed in hardware where that can. Resolves once it is on. */
  pulse(unlockMs: number): Promise<void>;
  /** Released until told otherwise; false gives up the hold, and a pulse that runs goes on to its end. */
  hold(isOn: boolean): Promise<void>;
  /** Locked now, whatever ran. */
  lock(): Promise<void>;
  /** Told of each change that the hardware reports, from now on. */
  listen(listener: (isOn: boolean) => void): void;
}

export interface Reader {
  /** Told of each credential; what comes of it is for the reader to show. */
  listen(listener: (credential: Credential | TypedPin) => Promise<Outcome>): void;
}

export interface Sensor {
  /** Told how the leaf stands, and of each change from now on. Debounced: a leaf that bounces is not opened twice. */
  listen(listener: (isOpen: boolean) => void): void;
}

/** The contact that opens with the case of a device. */
export interface Tamper {
  /** Told how it stands, and of each change from now on. */
  listen(listener: (isOn: boolean) => void): void;
}

export interface Button {
  listen(listener: () => void): void;
}

export interface FireSignal {
  listen(listener: (isOn: boolean) => void): void;
}

/** What somebody presented. */
export type Credential =
  | { readonly kind: "card"; readonly factor: "CARD" | "MOBILE"; readonly card: Card }
  /** A typed user id, which names a person and proves nothing. */
  | { readonly kind: "code"; readonly factor: "CODE"; readonly userId: number }
  /** Whatever a code says that was held up: one of ours, which a phone makes anew every few seconds, or a customer's own. */
  | { readonly kind: "qr"; readonly factor: "QR"; readonly payload: string }
  /** The reader itself knows whose it is: it compared a template, or holds what it verified. null: it knows nobody by it. */
  | {
      readonly kind: "matched";
      readonly factor: Factor;
      readonly authId: number | null;
      /** Compared with this auth's template alone, because its person was waited for: it proves nothing once they are not. Left out: compared with everybody's. */
      readonly claimedId?: number;
      /** Of a finger, what the reader made of it: for whoever asked for the next one. Left out: the reader does not tell. */
      readonly finger?: ScannedFinger;
    };

export interface ScannedFinger {
  /** In base64. */
  readonly template: string;
  /** How good it is, of a hundred. */
  readonly score: number;
}

/** Of a door's two devices, which. */
export type Side = "entry" | "exit";

/** What a device waits for, and of whom. */
export interface AwaitedFactor {
  /** null: of a typed code that nobody is known by. */
  readonly authId: number | null;
  readonly wanted: readonly Factor[];
}

/** Digits as they were typed, not yet looked at. */
export type TypedPin = { readonly kind: "pin" | "unique_pin"; readonly digits: string };

/** What somebody presented, and what a typed PIN was found to be. */
export type CheckedCredential =
  | Credential
  /** Of the person who was waited for when it was typed; the verifier says whether it still is that person's PIN. */
  | {
      readonly kind: "pin_checked";
      readonly factor: "PIN";
      readonly authId: number | null;
      readonly verifierHash: string;
      readonly isRight: boolean;
    }
  /** The digits for the customer's own server, where that is asked; nobody else is told. */
  | { readonly kind: "unique_pin_checked"; readonly factor: "UNIQUE_PIN"; readonly key: string; readonly digits: string }
  /** Not looked at. */
  | { readonly kind: "withheld"; readonly factor: "PIN" | "UNIQUE_PIN"; readonly because: "factor_delayed" | "busy" };

/** Who it was, as far as anybody knows. */
export interface Person {
  readonly authId: number;
  readonly userId: number;
}

/** What the customer's own server wants shown to whoever stands there. */
interface Message {
  readonly message?: string;
}

/** What came of a presented credential. */
export type Outcome =
  | ({ readonly outcome: "opened"; readonly person: Person | null } & Message)
  | ({ readonly outcome: "unlocked"; readonly because: "fire" | "operator" | "schedule"; readonly person: Person | null } & Message)
  /** The card or finger was told to whoever asked for the next one, and not judged. */
  | { readonly outcome: "learnt"; readonly person: null }
  | { readonly outcome: "wait_factor"; readonly wanted: readonly Factor[]; readonly person: Person | null }
  | ({ readonly outcome: "refused"; readonly reason: DenialReason; readonly person: Person | null } & Message);
