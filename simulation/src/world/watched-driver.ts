import type { Clock, Timers } from "@postern/core";
import { type DoorPorts, type DoorWiring, type Relay, VirtualDriver } from "@postern/door/internal";

export interface WatchedDriverParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly pulsed: (doorId: number) => void;
}

/** Virtual doors, with somebody who sees each bolt that is told to move. */
export class WatchedDriver extends VirtualDriver {
  readonly #pulsed: (doorId: number) => void;

  constructor({ clock, timers, pulsed }: WatchedDriverParts) {
    super(clock, timers);
    this.#pulsed = pulsed;
  }

  override connect(wiring: DoorWiring): DoorPorts {
    const ports = super.connect(wiring);
    const { relay } = ports;
    const watched: Relay = {
      pulse: (unlockMs) => {
        this.#pulsed(wiring.doorId);
        return relay.pulse(unlockMs);
      },
      hold: (isOn) => relay.hold(isOn),
      lock: () => relay.lock(),
      listen: (listener) => relay.listen(listener),
    };
    return { ...ports, relay: watched };
  }
}
